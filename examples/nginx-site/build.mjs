import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const page = readFileSync('index.html', 'utf8')
mkdirSync('dist', { recursive: true })
writeFileSync('dist/index.html', page.replace('{{year}}', String(new Date().getFullYear())))
