/** Tomcat: the official image; its ports are in server.xml. */
import { defineServer, type ServerLayout } from './server.ts'
import type { ConfigFacts, Listen } from './server-config.ts'

// source: docker-library/tomcat Dockerfile.template: `chmod 1777 logs temp work`; webapps and conf stay root's, though
// Tomcat unpacks WAR files in the one and makes conf/Catalina/localhost in the other (Host `unpackWARs`, `xmlBase`)
const official: ServerLayout = {
  name: 'the official image',
  root: '/usr/local/tomcat/conf/server.xml',
  prefix: '/usr/local/tomcat',
  directories: ['/usr/local/tomcat/conf', '/usr/local/tomcat/webapps'],
  files: [
    {
      path: '/usr/local/tomcat/conf/server.xml',
      text: '<Server port="8005" shutdown="SHUTDOWN">\n    <Connector port="8080" protocol="HTTP/1.1"\n</Server>\n',
      port: (from, to) => `s/<Connector port="${from}"/<Connector port="${to}"/`
    }
  ],
  writable: ['/usr/local/tomcat/webapps', '/usr/local/tomcat/conf/Catalina'],
  mayMiss: ['/usr/local/tomcat/conf/Catalina'],
  applications: ['/usr/local/tomcat/webapps'],
  pid: '',
  logs: []
}

/** `<Connector port="80">`, comments left out. */
function readConnectors(text: string): ConfigFacts | undefined {
  const plain = text.replace(/<!--[\s\S]*?-->/g, (comment) => ' '.repeat(comment.length))
  if (!/<Server\b/.test(plain)) return undefined
  const listens: Listen[] = []
  for (const connector of plain.matchAll(/<Connector\b[^>]*/g)) {
    const port = /\sport\s*=\s*(["'])([^"']*)\1/.exec(connector[0])
    if (port === null) continue
    const value = port[2] as string
    const end = connector.index + port.index + port[0].length - 1
    const isNumber = /^\d+$/.test(value)
    listens.push({
      port: isNumber ? Number(value) : undefined,
      variable: isNumber ? undefined : value,
      start: end - value.length,
      end,
      before: '',
      after: '',
      isEcho: false
    })
  }
  return { listens, includes: [], files: [], directories: [], keys: [], settings: new Map(), ownPort: [] }
}

export const tomcat = defineServer({
  name: 'Tomcat',
  programs: ['catalina.sh'],
  services: ['tomcat'],
  packages: /^$/,
  findLayout: ({ image }) => (image === 'tomcat' ? official : undefined),
  readArguments: () => ({ config: undefined, prefix: undefined, settings: new Map() }),
  read: readConnectors,
  byHand: 'Let its connectors listen on ports above 1023 (8080 for 80), then change EXPOSE.',
  comment: (uid, { port }) => `Tomcat as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: () => []
})
