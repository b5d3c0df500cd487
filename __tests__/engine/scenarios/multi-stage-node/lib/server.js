const fs = require('fs')
const http = require('http')

http
  .createServer((_, response) => {
    fs.mkdirSync('.cache', { recursive: true })
    fs.writeFileSync('.cache/page.html', '<p>hello</p>')
    response.end(fs.readFileSync('.cache/page.html'))
  })
  .listen(3000)
