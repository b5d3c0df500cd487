require('http')
  .createServer((_, response) => response.end(require('fs').readFileSync('worker.log')))
  .listen(8080)
