setInterval(() => console.log('feed'), 60000)
