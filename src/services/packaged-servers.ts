/** Servers of distribution packages that need nothing but their package's own account. */
import type { Distribution } from '../image/base-image.ts'
import { defineServer, type Server } from './server.ts'
import { noFacts } from './server-config.ts'

interface PackagedServer {
  name: string
  programs: readonly string[]
  packages: RegExp
  /** The account that the package makes, by distribution; where none is known the image is refused. */
  accounts: Partial<Record<Distribution, string>>
  /** Belong to that account already. */
  owned: readonly string[]
  /** Made by an init script only. */
  made?: readonly string[]
  source: string
}

// biome-ignore format: one row per entry
const rows: readonly PackagedServer[] = [
  { name: 'memcached', programs: ['memcached'], packages: /^memcached$/, accounts: { debian: 'memcache', ubuntu: 'memcache', alpine: 'memcached', rhel: 'memcached', fedora: 'memcached' }, owned: [], source: 'memcached.c: -u counts for root only; Debian memcached.postinst' },
  { name: 'PostgreSQL', programs: ['postgres', 'pg_ctl', 'postmaster'], packages: /^postgresql(?:-?[\d.]+)?$/, accounts: { debian: 'postgres', ubuntu: 'postgres', alpine: 'postgres' }, owned: ['/var/lib/postgresql', '/var/log/postgresql'], made: ['/run/postgresql'], source: 'src/backend/main/main.c: never as root; Debian postgresql-common.postinst' },
  { name: 'MongoDB', programs: ['mongod'], packages: /^mongodb(?:-org)?(?:-server)?$/, accounts: { debian: 'mongodb', ubuntu: 'mongodb', alpine: 'mongodb', rhel: 'mongod' }, owned: ['/var/lib/mongodb', '/var/log/mongodb'], source: 'mongodb debian/mongodb-org-server.postinst' },
  { name: 'RabbitMQ', programs: ['rabbitmq-server'], packages: /^rabbitmq-server$/, accounts: { debian: 'rabbitmq', ubuntu: 'rabbitmq' }, owned: ['/var/lib/rabbitmq', '/var/log/rabbitmq'], source: 'rabbitmq-server scripts/rabbitmq-script-wrapper: "Only root or rabbitmq should run"' },
  { name: 'Elasticsearch', programs: ['elasticsearch'], packages: /^elasticsearch$/, accounts: { debian: 'elasticsearch', ubuntu: 'elasticsearch', rhel: 'elasticsearch' }, owned: ['/var/lib/elasticsearch', '/var/log/elasticsearch', '/etc/elasticsearch'], source: 'elastic/elasticsearch distribution/packages postinst: never as root' },
  { name: 'OpenSearch', programs: ['opensearch'], packages: /^opensearch$/, accounts: { debian: 'opensearch', ubuntu: 'opensearch', rhel: 'opensearch' }, owned: ['/var/lib/opensearch', '/var/log/opensearch', '/etc/opensearch'], source: 'opensearch-project/opensearch-build scripts/pkg/service_templates' }
]

export const packagedServers: readonly Server[] = rows.map(({ name, programs, packages, accounts, owned, made = [] }) =>
  defineServer({
    name,
    programs,
    services: [],
    packages,
    isQuiet: true,
    findLayout(question) {
      const account = accounts[question.distribution ?? 'none']
      if (account === undefined || !question.packages.some((each) => packages.test(each))) return undefined
      return {
        name: 'the package',
        root: '',
        prefix: '/',
        directories: [],
        files: [],
        account,
        ...(owned.length > 0 ? { isBoundToAccount: true } : {}),
        owned,
        writable: made,
        mayMiss: made,
        pid: '',
        logs: []
      }
    },
    readArguments: () => ({ config: undefined, prefix: undefined, settings: new Map() }),
    read: () => noFacts,
    byHand: 'Its data, log and run directories must belong to its account.',
    comment: (uid) => `${name} as ${uid}`,
    editSettings: () => []
  })
)
