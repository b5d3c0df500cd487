import { apache } from './apache.ts'
import { gunicorn } from './gunicorn.ts'
import { hypercorn } from './hypercorn.ts'
import { kestrel } from './kestrel.ts'
import { mysql } from './mysql.ts'
import { nginx } from './nginx.ts'
import { packagedServers } from './packaged-servers.ts'
import { phpFpm } from './php-fpm.ts'
import { puma } from './puma.ts'
import { redis } from './redis.ts'
import type { Server } from './server.ts'
import { spring } from './spring.ts'
import { supervisord } from './supervisord.ts'
import { tomcat } from './tomcat.ts'
import { uwsgi } from './uwsgi.ts'

/** Servers whose configuration is read and edited; those of `servers.ts` that are not here are refused. */
const readableServers: readonly Server[] = [
  nginx,
  apache,
  tomcat,
  phpFpm,
  uwsgi,
  gunicorn,
  hypercorn,
  puma,
  spring,
  kestrel,
  redis,
  mysql,
  ...packagedServers,
  supervisord
]

/** By the program that starts it, or by the `service` of a base image. */
export function findReadableServer({ program, service }: { program?: string; service?: string }): Server | undefined {
  // php-fpm8.2, gunicorn3
  const plain = program?.replace(/-?\d[\d.]*$/, '')
  return readableServers.find(
    (server) =>
      (program !== undefined && (server.programs.includes(program) || server.programs.includes(plain as string))) ||
      (service !== undefined && server.services.includes(service))
  )
}

/** Programs that start the one behind them in the same place. source: their manuals */
const launchers: readonly (readonly [RegExp, RegExp])[] = [
  [/^python[\d.]*$/, /^-m$/],
  [/^bundle$/, /^exec$/],
  [/^(?:poetry|pipenv|uv|pdm|rye|hatch|pixi|newrelic-admin)$/, /^run(?:-program)?$/],
  [/^(?:ddtrace-run|opentelemetry-instrument)$/, /^(?=[^-])/]
]

/** `gunicorn` and its arguments out of `python -m gunicorn`, `bundle exec puma`, `poetry run gunicorn`. */
export function unwrapLauncher({ name, args }: { name: string; args: readonly string[] }): {
  name: string
  args: readonly string[]
} {
  for (const [launcher, word] of launchers) {
    if (!launcher.test(name)) continue
    const at = args.findIndex((each) => word.test(each))
    if (at === -1) continue
    const start = word.source === '^(?=[^-])' ? at : at + 1
    const program = args.slice(start).findIndex((each) => !each.startsWith('-'))
    if (program === -1) continue
    const rest = args.slice(start + program)
    return unwrapLauncher({ name: (rest[0] as string).replace(/^.*\//, ''), args: rest.slice(1) })
  }
  return { name, args }
}
