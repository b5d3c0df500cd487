require('node:fs').mkdirSync('public/uploads', { recursive: true })
