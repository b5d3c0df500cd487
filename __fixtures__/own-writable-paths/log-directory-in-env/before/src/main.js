require('fs').appendFileSync(process.env.LOG_DIR + '/gateway.log', 'started\n')
