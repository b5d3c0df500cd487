const { backend } = require('./src/backend')
require('node:http').createServer(backend).listen(3000)
