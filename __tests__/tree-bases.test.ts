import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { rewriteFiles } from '../src/index.ts'
import { createFolder, removeFoldersAfterTests, unroot } from './support/cli.ts'

removeFoldersAfterTests()

const base = `FROM debian:12-slim
RUN apt-get update && apt-get install -y ca-certificates
WORKDIR /srv/app
COPY start /usr/local/bin/start
CMD ["start", "--data", "/srv/app"]
`

/** A tree with a base and one file that is built on it. */
function convert(dockerfile: string, more: Record<string, string> = {}, options = {}) {
  const tree = new Map(
    Object.entries({ 'app-base/Dockerfile': base, 'app-base/start': '', 'api/Dockerfile': dockerfile, ...more })
  )
  const { files, reports } = rewriteFiles(tree, options)
  const again = rewriteFiles(files, options)
  expect([...again.files]).toEqual([...files])
  const report = (name: string) => reports.find(({ path: each }) => each === name) as (typeof reports)[number]
  return { text: files.get('api/Dockerfile') as string, report: report('api/Dockerfile'), all: files, of: report }
}

const named = { images: { 'registry.example.com/team/app-base': 'app-base/Dockerfile' } }

test('a file without a command of its own is read as its base, and becomes the same user', () => {
  const { text, report, all } = convert(
    'FROM registry.example.com/team/app-base:2\nRUN apt-get install -y curl\nCOPY . .\n',
    {},
    named
  )
  expect(text).toBe(
    'FROM registry.example.com/team/app-base:2\nUSER root\nRUN apt-get install -y curl\nCOPY --chown=10001:10001 . .\nUSER 10001:10001\n'
  )
  expect(report.verdict).toBe('needs-review')
  expect(report.user).toEqual({ uid: 10001, gid: 10001, name: 'app', source: 'base-image' })
  expect(report.findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    'unknown-base: FROM registry.example.com/team/app-base:2: read as what app-base/Dockerfile builds (as `images` says), which is converted as well and then runs as 10001:10001'
  ])
  expect(all.get('app-base/Dockerfile')).toContain('USER 10001:10001')
})

test('a name that nobody gave stays unknown', () => {
  const { report, text } = convert('FROM registry.example.com/team/app-base:2\nCOPY . .\n')
  expect(report.verdict).toBe('refused')
  expect(text).not.toContain('USER')
})

test('a namespace counts as the own one when the tree names two of its images', () => {
  const other = {
    'web-base/Dockerfile': 'FROM team/app-base\nRUN apt-get install -y nodejs\nCMD ["node", "/srv/app"]\n'
  }
  const { text, report } = convert('FROM team/web-base\nCOPY . .\n', other)
  expect(report.findings[0]?.message).toContain('web-base/Dockerfile builds (its path fits the name)')
  expect(text).toBe('FROM team/web-base\nCOPY --chown=10001:10001 . .\nUSER 10001:10001\n')
})

test('two Dockerfiles that fit a name are nobody’s', () => {
  const { report } = convert('FROM app-base\nCOPY . .\n', { 'old/app-base/Dockerfile': base, 'old/app-base/start': '' })
  expect(report.verdict).toBe('refused')
})

test('a tag tells versions apart', () => {
  const { report } = convert('FROM ${REGISTRY}/app-base:1.2\nCOPY . .\n', {
    'app-base/1.1/Dockerfile': base,
    'app-base/1.2/Dockerfile': base
  })
  expect(report.findings[0]?.message).toContain('read as what app-base/1.2/Dockerfile builds')
})

test('compose says what an image is built from, and which stage', () => {
  const compose = `services:
  base:
    image: team/python
    build: { context: ., dockerfile: images.Dockerfile, target: runtime }
`
  const images = `FROM python:3.12-slim AS runtime
RUN useradd --uid 4000 --create-home runner
WORKDIR /home/runner
USER runner
FROM python:3.12-slim AS tools
CMD ["bash"]
`
  const { report, text } = convert('FROM team/python\nCOPY . .\nCMD ["python", "app.py"]\n', {
    'compose.yaml': compose,
    'images.Dockerfile': images
  })
  expect(report.verdict).toBe('already-non-root')
  expect(text).not.toContain('USER')
})

test('every stage on the base keeps its steps as root, once', () => {
  const { text } = convert(
    `FROM app-base AS build
RUN make
FROM build AS more
RUN make more
FROM app-base
COPY --from=more /out /out
RUN ldconfig
CMD ["/out/server"]
`
  )
  expect(text).toBe(
    `FROM app-base AS build
USER root
RUN make
FROM build AS more
RUN make more
FROM app-base
COPY --from=more /out /out
USER root
RUN ldconfig
USER 10001:10001
CMD ["/out/server"]
`
  )
})

test('a base that is refused refuses what starts its program', () => {
  const sshd = {
    'app-base/Dockerfile': 'FROM debian:12-slim\nRUN apt-get install -y openssh-server\nCMD ["/usr/sbin/sshd", "-D"]\n'
  }
  const inherits = convert('FROM app-base\nCOPY . .\n', sshd)
  expect(inherits.report.verdict).toBe('refused')
  expect(inherits.report.findings.find(({ severity }) => severity === 'error')?.message).toMatch(
    /^app-base: app-base\/Dockerfile builds it, and is refused: .*sshd/
  )
  expect(convert('FROM app-base\nCOPY . .\nCMD ["/usr/sbin/sshd", "-e"]\n', sshd).report.verdict).toBe('refused')
  const own = convert('FROM app-base\nCOPY server /srv/server\nCMD ["/srv/server"]\n', sshd)
  expect(own.report.verdict).toBe('needs-review')
  expect(own.text).toContain('USER 10001:10001\nCMD ["/srv/server"]')
})

test('a file that is left alone is told that its steps are no longer root', () => {
  const { report, text } = convert('FROM app-base\nRUN apt-get install -y curl\nUSER 4242:4242\n')
  expect(report.verdict).toBe('already-non-root')
  expect(text).not.toContain('USER root')
  expect(report.findings.map(({ rule, range }) => `${rule} line ${range.start.line}`)).toContain(
    'base-changes-user line 2'
  )
})

test('an image that needs root and would inherit the new user is named', () => {
  const { report, text } = convert('FROM app-base\nCMD ["/usr/sbin/sshd", "-D"]\n')
  expect(report.verdict).toBe('refused')
  expect(text).not.toContain('USER')
  expect(report.findings.at(-1)?.message).toBe(
    'the image runs as 10001:10001 once app-base/Dockerfile, which builds app-base, is converted'
  )
})

test('what stood against it as root may be gone with the new base', () => {
  const { text } = convert('FROM app-base\nRUN pip install --user flask\nVOLUME /data\nUSER root\n')
  expect(text).toContain('USER 10001:10001\n')
})

test('Dockerfiles that are built on each other in a ring end as well', () => {
  const ring = {
    'app-base/Dockerfile': 'FROM web\nRUN true\n',
    'web/Dockerfile': 'FROM api AS s\nFROM app-base\nCMD ["x"]\n'
  }
  expect(convert('FROM app-base\nENTRYPOINT ["/start"]\n', ring).report.verdict).not.toBe('failed')
})

test('Dockerfiles that are built on each other end', () => {
  const { report } = convert('FROM app-base\nCOPY . .\n', { 'app-base/Dockerfile': 'FROM api\nCOPY . .\n' })
  expect(report.verdict).toBe('refused')
})

test('on disk the diff and --write agree, whatever the order of the files', async () => {
  const files = {
    '.git/config': '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n',
    '.git/HEAD': 'ref: refs/heads/main\n',
    'a-base/Dockerfile': base,
    'a-base/start': '',
    'api/Dockerfile': 'FROM acme/a-base\nRUN true\nCOPY . .\n',
    'z-base/Dockerfile': base.replace('/srv/app', '/srv/z'),
    'z-base/start': '',
    'worker/Dockerfile': 'FROM acme/z-base\nRUN true\nCOPY . .\n'
  }
  const folder = createFolder(files)
  const shown = await unroot(folder, ['--format', 'json'])
  const written = await unroot(folder, ['--format', 'json', '--write'])
  expect(JSON.parse(written.stdout)).toEqual(JSON.parse(shown.stdout))
  for (const name of ['api', 'worker'])
    expect(readFileSync(path.join(folder, name, 'Dockerfile'), 'utf8')).toMatch(
      /\nUSER root\nRUN true\nCOPY --chown=10001:10001 \. \.\nUSER 10001:10001\n$/
    )
  const again = await unroot(folder, ['--format', 'json', '--write'])
  expect(JSON.parse(again.stdout).summary['already-non-root']).toBe(4)
})

test('compose says the value of an argument that has none', () => {
  const compose = (args: string) => `services:\n  api:\n    build: { context: api, args: { ${args} } }\n`
  const dockerfile = 'ARG BASE\nFROM ${BASE}\nRUN useradd --uid 10001 --create-home app\nWORKDIR /app\nCOPY . .\n'
  const known = convert(dockerfile, {
    'compose.yaml': compose('BASE: "${IMAGE:-node}:${TAG}"'),
    '.env': 'TAG=22-slim # LTS\n'
  })
  expect(known.report.user).toMatchObject({ uid: 10001 })
  expect(known.report.verdict).toBe('needs-review')
  expect(known.report.findings.map(({ rule }) => rule)).toEqual(['base-for-others'])
  expect(convert(dockerfile, { 'compose.yaml': compose('BASE: "node:${TAG}"') }).report.verdict).toBe('refused')
  const two = `${compose('BASE: node')}  other:\n    build: { context: api, args: [BASE=python] }\n`
  expect(convert(dockerfile, { 'compose.yaml': two }).report.verdict).toBe('refused')
})

test('an argument with a value keeps it', () => {
  const compose = 'services:\n  api:\n    build: { context: api, args: { BASE: private/image } }\n'
  const { report } = convert('ARG BASE=node:22\nFROM ${BASE}\nWORKDIR /app\nCOPY . .\nCMD ["node", "."]\n', {
    'compose.yaml': compose
  })
  expect(report.verdict).toBe('converted')
})

test('numbers of an account that are handed over are meant to differ', () => {
  const compose = 'services:\n  api:\n    build: { context: api, args: { UID: 1000 } }\n'
  const dockerfile =
    'FROM debian:12-slim\nARG UID\nRUN useradd --uid $UID app\nCOPY serve /usr/bin/serve\nCMD ["serve"]\n'
  expect(convert(dockerfile, { 'compose.yaml': compose }).text).toContain('USER app\n')
})

test('on disk the values stand in .env, or in its example', async () => {
  const files = {
    'compose.yaml': 'services:\n  search:\n    build:\n      context: search\n      args:\n        VERSION: $VERSION\n',
    'search/Dockerfile':
      'ARG VERSION\nFROM docker.elastic.co/elasticsearch/elasticsearch:${VERSION}\nRUN bin/elasticsearch-plugin install analysis-icu\n'
  }
  const verdict = async (more: Record<string, string>) =>
    JSON.parse((await unroot(createFolder({ ...files, ...more }), ['--format', 'json'])).stdout).files[0].verdict
  expect(await verdict({})).toBe('refused')
  expect(await verdict({ '.env.example': 'VERSION=8.15.0\n' })).toBe('already-non-root')
  expect(await verdict({ '.env': 'VERSION=8.15.0\n', '.env.example': 'VERSION=1.0.0\n' })).toBe('already-non-root')
})
