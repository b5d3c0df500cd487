console.log('repl')
