const { createServer } = require('node:http')
const { appendFileSync, writeFileSync } = require('node:fs')

createServer((request, response) => {
  writeFileSync('uploads/1.png', '')
  appendFileSync('cache/thumbnails/README', 'and again\n')
  writeFileSync('cache/thumbnails/1.png', '')
  writeFileSync('server.pid', String(process.pid))
  writeFileSync(`${require('node:os').homedir()}/.gallery`, '')
  response.end('ok')
}).listen(3000)
