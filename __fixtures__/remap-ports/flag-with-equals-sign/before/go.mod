module example.com/proxy
