/** A repository with one image for everything that a report can say. */
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

export const reportTree: Record<string, string> = {
  '.unrootrc.json': JSON.stringify({
    ignore: [{ path: 'jobs/mail/Dockerfile', rule: 'needs-root-service', reason: 'replaced in spring' }]
  }),
  'api/Dockerfile':
    'FROM node:22-slim\nWORKDIR /srv/app\nCOPY package.json ./\nRUN npm ci\nCOPY . .\nEXPOSE 80\nENV PORT=80\nCMD ["node", "server.js"]\n',
  'base/Dockerfile': 'FROM alpine:3.20\nRUN adduser -D -u 1000 web\nUSER web\nCMD ["sleep", "60"]\n',
  'broken/Dockerfile': 'FROM alpine:3.20\nRUNN echo\n',
  'jobs/cron/Dockerfile': 'FROM debian:12-slim\nRUN apt-get update && apt-get install -y cron\nCMD ["cron", "-f"]\n',
  'jobs/mail/Dockerfile': 'FROM debian:12-slim\nRUN apt-get update && apt-get install -y cron\nCMD ["cron", "-f"]\n',
  'jobs/sshd/Dockerfile':
    'FROM debian:12-slim\nRUN apt-get update && apt-get install -y openssh-server\n# unroot: ignore needs-root-service -- people log in with their own accounts\nCMD ["/usr/sbin/sshd", "-D"]\n',
  'ledger/Dockerfile':
    'FROM python:3.12-slim\nVOLUME /var/lib/ledger\nCOPY ledger.py /opt/ledger/\nCMD ["python", "/opt/ledger/ledger.py"]\n',
  'site/Dockerfile':
    'FROM nginx:1.27\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY public /usr/share/nginx/html\nEXPOSE 80\n',
  'site/nginx.conf':
    'user nginx;\npid /run/nginx.pid;\nevents {}\nhttp {\n  server {\n    listen 80;\n    root /usr/share/nginx/html;\n  }\n}\n',
  'site/compose.yaml': 'services:\n  site:\n    build: .\n    ports:\n      - "80:80"\n',
  'größe, neu/Dockerfile': crlf(
    '# Größe 🐳\nFROM python:3.12-slim\nWORKDIR /app\nCOPY größe.py .\nCMD ["python", "größe.py"]'
  ).trimEnd()
}
