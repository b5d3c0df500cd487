module example.com/probe
