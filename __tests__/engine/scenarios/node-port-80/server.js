const http = require('http')

http.createServer((_, response) => response.end('hello')).listen(process.env.PORT || 3000)
