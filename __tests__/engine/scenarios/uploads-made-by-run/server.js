const fs = require('fs')
const http = require('http')

http
  .createServer((request, response) => {
    if (request.url !== '/upload') return response.end('ok')
    fs.writeFile(`uploads/incoming/${Date.now()}.txt`, 'hello', (error) => {
      if (error) console.error(error)
      response.statusCode = error ? 500 : 201
      response.end()
    })
  })
  .listen(3000)
