require('node:https')
