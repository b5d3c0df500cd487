require('http').createServer((q, s) => s.end('hello')).listen(process.env.PORT)
