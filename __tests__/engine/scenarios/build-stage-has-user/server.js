const fs = require('fs')

require('http')
  .createServer((_, response) => {
    fs.appendFileSync('requests.log', 'x')
    response.end('hello')
  })
  .listen(3000)
