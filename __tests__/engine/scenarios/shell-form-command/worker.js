setInterval(() => console.log('fetched'), 500)
