/** Generated Dockerfiles: realistic fragments in any order, odd ones among them, and noise. */
import fc from 'fast-check'
import type { RewriteOptions } from '../../src/types.ts'
import { transforms } from '../../transforms/index.ts'

const path = fc.constantFrom(
  '/app',
  '/app/',
  '.',
  './',
  'src',
  '/',
  '/data',
  '/root',
  '/root/app',
  '/home/app',
  '/home/node/app',
  '/opt/tool/logs',
  '/srv/www',
  '/usr/local/bin/',
  '/usr/src/app',
  '/var/lib/app',
  '/var/log/app',
  '/var/www/html',
  '$HOME/x',
  '$' + '{APP_HOME:-/srv/x}',
  '$UNSET/x',
  '"/with space"',
  "/it's",
  '/a;b',
  '/a&b',
  '/star*',
  '/a#b',
  '/a\\ b',
  '~/x',
  '/ünïcode'
)
const user = fc.constantFrom(
  'root',
  '0',
  '0:0',
  'app',
  'app:app',
  'node',
  'nobody',
  '1000',
  '1000:1000',
  '10001:10001',
  '65532',
  '$APP_USER',
  '$' + '{UID}:$' + '{GID}',
  ':',
  'a b'
)
const base = fc.constantFrom(
  'alpine',
  'alpine:3.20',
  'busybox',
  'cgr.dev/chainguard/node',
  'debian:12-slim',
  'eclipse-temurin:21-jre',
  'gcr.io/distroless/static-debian12:nonroot',
  'gcr.io/distroless/static-debian12',
  'golang:1.23',
  'mcr.microsoft.com/dotnet/aspnet:6.0',
  'mcr.microsoft.com/windows/nanoserver:ltsc2022',
  'nginx:1.27',
  'node:22-alpine',
  'php:8.3-fpm',
  'python:3.12-slim',
  'redis:7',
  'registry.access.redhat.com/ubi9/ubi-minimal',
  'registry.example.com/team/base:1',
  'scratch',
  'ubuntu:24.04',
  '$BASE',
  '$' + '{BASE:-python:3.12}',
  'python:$' + '{TAG}',
  'build',
  'base',
  '0'
)
const port = fc.constantFrom('80', '443', '8080', '22', '53/udp', '3000', '$PORT', '80 443', '1-100')

const of = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join('').split('\n'))

/** One instruction, as its physical lines. */
const instruction = fc.oneof(
  { weight: 6, arbitrary: of('WORKDIR ', path) },
  { weight: 8, arbitrary: of('COPY . ', path) },
  { weight: 3, arbitrary: of('COPY package.json requirements.txt ', path) },
  { weight: 2, arbitrary: of('COPY --from=build ', path, ' ', path) },
  { weight: 2, arbitrary: of('COPY --chown=', user, ' . ', path) },
  of('COPY --link --chmod=755 run.sh ', path),
  of('COPY ["a b", "c", "/app/"]'),
  of('COPY <<EOF /etc/app.conf\nUSER x\nEOF'),
  of('COPY <<"A" <<-B ', path, '\nRUN false\nA\n\tUSER y\n\tB'),
  of('ADD https://example.com/x.tar.gz ', path),
  { weight: 6, arbitrary: of('USER ', user) },
  { weight: 3, arbitrary: of('EXPOSE ', port) },
  of('ENV PORT=80'),
  of('ENV PORT 80'),
  of('ENV A=1 \\\n    LOG_DIR=', path, ' \\\n    B="x y"'),
  of('ENV PATH=$PATH:', path),
  of('ARG PORT=80'),
  of('ARG APP_USER=app'),
  of('VOLUME ', path),
  of('VOLUME ["/data", "/var/lib/app"]'),
  { weight: 3, arbitrary: of('RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*') },
  of('RUN apk add --no-cache tini'),
  of('RUN mkdir -p ', path, ' && chown app ', path),
  of('RUN mkdir ', path),
  of('RUN useradd --uid 1234 --create-home app'),
  of('RUN groupadd -r app && useradd -r -g app app'),
  of('RUN adduser -D -u 1000 app'),
  of('RUN addgroup -S app && adduser -S -G app app'),
  of("RUN echo 'app:x:700:700::/:/bin/false' >> /etc/passwd"),
  of('RUN chown -R ', user, ' ', path),
  of('RUN chmod 700 ', path),
  of('RUN --mount=type=cache,target=/root/.cache pip install flask'),
  of('RUN set -x \\\n  # a comment\n\n  && echo 1 \\ \n  && umask 027'),
  of('RUN <<EOF\nmkdir -p /app/data\nUSER root\nEOF'),
  of('RUN cat <<\\EOF > /x\nFROM x\nEOF\n# after'),
  of('RUN ["/bin/sh", "-c", "id"]'),
  of('RUN echo "unclosed'),
  of('SHELL ["/bin/bash", "-o", "pipefail", "-c"]'),
  of('SHELL ["powershell", "-Command"]'),
  of('HEALTHCHECK --interval=5s CMD curl -f http://localhost/ || exit 1'),
  of('HEALTHCHECK NONE'),
  of('STOPSIGNAL SIGTERM'),
  of('LABEL a="b" \\\n      c=d'),
  of('ONBUILD COPY . /app'),
  of('ONBUILD RUN make'),
  of('MAINTAINER somebody'),
  of('ENTRYPOINT ["/entrypoint.sh"]'),
  of('ENTRYPOINT ["tini", "--"]'),
  of('ENTRYPOINT exec java -jar ', path),
  of('CMD ["node", "server.js"]'),
  of('CMD [ "gunicorn", "-b", "0.0.0.0:80", "app" ]'),
  of('CMD python -m http.server 80'),
  of('CMD ["su-exec", "app", "sh"]'),
  of('CMD []'),
  of('CMD'),
  of('# a comment'),
  of('# unroot: ignore explicit-root -- wanted'),
  of('#escape=`'),
  of(''),
  of('   \t'),
  { weight: 4, arbitrary: of('FROM ', base) },
  { weight: 2, arbitrary: of('FROM ', base, ' AS build') },
  of('FROM --platform=$BUILDPLATFORM ', base, ' as base'),
  of('bogus instruction')
)

const noise = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '\\',
    '\\\\',
    '`',
    '<<',
    '<<EOF',
    '"',
    "'",
    '\r',
    '\n\n',
    '\t',
    '\0',
    '\ufeff',
    '\u2028',
    '$(',
    '${',
    '--',
    '['
  )
)

const lowerCaseKeyword = (line: string) => line.replace(/^[A-Z]+(?= )/, (keyword) => keyword.toLowerCase())

/** A Dockerfile that mostly parses. */
export const dockerfile: fc.Arbitrary<string> = fc
  .record({
    mark: fc.constantFrom('', '', '', '\ufeff'),
    head: fc.constantFrom('', '', '# syntax=docker/dockerfile:1\n', '# a comment\n\n', 'ARG BASE=alpine\nARG TAG\n'),
    first: base,
    name: fc.constantFrom('', ' AS build', ' AS base'),
    instructions: fc.array(instruction, { maxLength: 14 }),
    isLowerCase: fc.constantFrom(false, false, false, true),
    indent: fc.constantFrom('', '', '', '  '),
    eol: fc.constantFrom('\n', '\n', '\r\n'),
    end: fc.constantFrom('\n', '\n', '', '\n\n', '\n# end')
  })
  .map(({ mark, head, first, name, instructions, isLowerCase, indent, eol, end }) => {
    const lines = [
      `FROM ${first}${name}`,
      ...instructions.flatMap((each) => each.map((line, at) => (at === 0 ? indent + line : line)))
    ]
    const text = head + (isLowerCase ? lines.map(lowerCaseKeyword) : lines).join('\n') + end
    return mark + text.replaceAll('\n', eol)
  })

/** A text with pieces cut out, doubled, moved and noise put in. */
export const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      text,
      fc.array(
        fc.tuple(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.nat(12),
          fc.constantFrom('cut', 'double', 'noise'),
          noise
        ),
        {
          minLength: 1,
          maxLength: 4
        }
      )
    )
    .map(([original, damages]) => {
      let result = original
      for (const [place, length, kind, inserted] of damages) {
        const at = Math.floor(place * result.length)
        const piece = result.slice(at, at + length)
        const replacement = { cut: '', double: piece + piece, noise: inserted + piece }[kind]
        result = result.slice(0, at) + replacement + result.slice(at + length)
      }
      return result
    })

/** A text with lines left out, doubled and moved: most results still parse. */
export const rearranged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const step = fc.tuple(fc.constantFrom('drop', 'double', 'move'), place, place)
  return fc.tuple(text, fc.array(step, { minLength: 1, maxLength: 5 })).map(([original, steps]) => {
    const lines = original.split(/(?<=\n)/)
    for (const [kind, from, to] of steps) {
      const at = Math.floor(from * lines.length)
      const [line = ''] = kind === 'double' ? lines.slice(at, at + 1) : lines.splice(at, 1)
      if (kind !== 'drop') lines.splice(Math.floor(to * lines.length), 0, line)
    }
    return lines.join('')
  })
}

export const anyText = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }))

const names = fc.subarray(
  transforms.map(({ name }) => name),
  { minLength: 1 }
)

/** Options that a caller may give. */
export const options: fc.Arbitrary<RewriteOptions> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<RewriteOptions>({}) },
  fc.record({
    uid: fc.constantFrom(1000, 10001, 65532),
    chown: fc.constantFrom('app' as const, 'all' as const, 'none' as const)
  }),
  fc.record({ umask: fc.constantFrom('027', '077'), user: fc.constantFrom('app', 'node', 'svc') }),
  fc.record({ ports: fc.constantFrom({ 80: 80 }, { 80: 9000, 443: 9443 }) }),
  fc.record({ targets: fc.constantFrom(['build'], ['0', 'base'], ['absent']) }),
  fc.record({ only: names }),
  fc.record({ skip: names }),
  fc.record({ safeOnly: fc.constant(true) })
)

export const entrypointOptions: fc.Arbitrary<RewriteOptions> = fc.record(
  {
    strategy: fc.constant('entrypoint' as const),
    umask: fc.constantFrom('027', '077'),
    entrypointInline: fc.boolean(),
    companions: fc.boolean()
  },
  { requiredKeys: ['strategy'] }
)
