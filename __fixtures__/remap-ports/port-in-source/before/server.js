const http = require('node:http')
// app.listen(81)
http.createServer((request, response) => response.end('ok')).listen(80)
