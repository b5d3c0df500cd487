const fs = require('fs')

require('http')
  .createServer((_, response) => {
    fs.writeFileSync('/var/cache/thumbnails/1.svg', '<svg/>')
    response.end('hello')
  })
  .listen(3000)
