import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type BaseDockerfile,
  defineTransform,
  presets,
  type RewriteOptions,
  rewrite,
  rewriteFiles,
  rules,
  type Transform,
  UnrootError
} from '../src/index.ts'
import * as builtIn from '../transforms/index.ts'

const flask = `FROM python:3.12-slim
WORKDIR /app
COPY . .
EXPOSE 80
CMD ["gunicorn", "-b", "0.0.0.0:80", "app:app"]
`

/** The code of the error that a call throws. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    expect(error).toBeInstanceOf(UnrootError)
    expect((error as UnrootError).message).not.toBe('')
    return (error as UnrootError).code
  }
  return undefined
}

describe('rewrite', () => {
  test('answers with text, verdict, user, ports, changes and findings', () => {
    const result = rewrite(flask)
    expect(result.verdict).toBe('converted')
    expect(result.changed).toBe(true)
    expect(result.stage).toEqual({ index: 0, name: null })
    expect(result.user).toEqual({ uid: 10001, gid: 10001, name: 'app', source: 'created' })
    expect(result.ports).toEqual([{ from: 80, to: 8080 }])
    expect(result.writablePaths.map(({ path }) => path)).toEqual(['/app'])
    expect(result.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['published-port', 'info']])
    expect([...result.companions]).toEqual([])
    expect(result.text).toContain('\nUSER 10001:10001\nCMD ')
    const port = result.changes.find(({ transform }) => transform === 'remap-ports')
    expect(port?.range).toEqual({ start: { line: 4, column: 8 }, end: { line: 4, column: 10 } })
  })

  test('takes the options of the contract', () => {
    const result = rewrite(flask, { strategy: 'user', user: 'svc', uid: 20000, gid: 20001, ports: { 80: 9000 } })
    expect(result.user).toEqual({ uid: 20000, gid: 20001, name: 'svc', source: 'created' })
    expect(result.ports).toEqual([{ from: 80, to: 9000 }])
    expect(result.text).toContain('USER 20000:20001')
  })

  test('gives a unified diff, and an empty one where nothing changes', () => {
    const diff = rewrite(flask, { path: 'services/api/Dockerfile' }).diff()
    expect(diff).toMatch(/^--- a\/services\/api\/Dockerfile\n\+\+\+ b\/services\/api\/Dockerfile\n@@ -1,5 \+1,\d+ @@\n/)
    expect(diff).toContain('\n-COPY . .\n')
    expect(diff).toContain('\n+COPY --chown=10001:10001 . .\n')
    expect(rewrite('FROM consul:1.15\n').diff()).toBe('')
  })

  test('reads scripts of the build context through readContext', () => {
    const text = 'FROM alpine:3.20\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\n'
    const asked: string[] = []
    const result = rewrite(text, {
      readContext: (path) => {
        asked.push(path)
        return path === 'run.sh' ? '#!/bin/sh\nmkdir -p /var/lib/run-sh\n' : undefined
      }
    })
    expect(asked).toContain('run.sh')
    expect(result.writablePaths.map(({ path }) => path)).toEqual(['/var/lib/run-sh'])
    expect(rewrite(text).findings.map(({ rule }) => rule)).toEqual(['unread-entrypoint'])
  })

  test('leaves its arguments alone', () => {
    const options = Object.freeze({ ports: Object.freeze({ 80: 8888 }), skip: Object.freeze(['set-umask']) })
    expect(rewrite(flask, options).text).toBe(rewrite(flask, options).text)
  })

  test('names only rules that can be explained', () => {
    const known = new Set(rules.map(({ name }) => name))
    for (const text of [flask, 'FROM nginx\n', 'FROM $X\nCMD ["x"]\n', 'FROM alpine\nUSER x\n', 'bogus', ''])
      for (const { rule } of rewrite(text).findings) expect(known).toContain(rule)
  })
})

describe('user input never throws', () => {
  const inputs = [
    '',
    ' ',
    '\0',
    '\ufeff',
    'FROM',
    'FROM a b',
    'FROM alpine AS 1',
    'RUN x',
    'FROM alpine\nRUN <<EOF\n',
    'FROM nowhere-stage\nCMD ["x"]',
    'FROM alpine AS a\nFROM b AS b\nFROM c\n',
    'FROM alpine\nCMD [',
    'FROM alpine\nUSER\n',
    'FROM alpine\nENV A\n',
    'FROM alpine\nCOPY a\n',
    '# escape=x\nFROM alpine',
    `FROM alpine\nRUN ${'('.repeat(5_000)}`,
    `FROM alpine\nRUN ${'$('.repeat(2_000)}`,
    `FROM alpine\nRUN ${'"$('.repeat(2_000)}`,
    `FROM alpine\nENV A=${'${A:-'.repeat(2_000)}\nCMD echo $A`
  ]
  test.each(inputs.map((text) => [JSON.stringify(text.slice(0, 50)), text]))('%s', (_, text) => {
    expect(() => rewrite(text)).not.toThrow()
    expect(() => rewriteFiles(new Map([['Dockerfile', text]]))).not.toThrow()
  })

  test('nor does a script of the build context', () => {
    const text = 'FROM alpine\nCOPY x.sh /x.sh\nENTRYPOINT ["/x.sh"]\n'
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (script) => {
        rewrite(text, { readContext: () => script, umask: '027' })
      }),
      { seed: 1, numRuns: 200 }
    )
  })
})

describe('mistakes of the calling program throw UnrootError with a code', () => {
  const invalid: [string, unknown][] = [
    ['strategy', 'users'],
    ['stepDown', 'sudo'],
    ['entrypointVariables', 'UID'],
    ['entrypointVariables', ['A', 'A']],
    ['entrypointVariables', ['A', 'B', 'C', 'D']],
    ['entrypointVariables', ['a-b']],
    ['user', ''],
    ['user', 'a b'],
    ['user', 'root'],
    ['user', 'x'.repeat(33)],
    ['user', 7],
    ['uid', 0],
    ['uid', -1],
    ['uid', 1.5],
    ['uid', '1000'],
    ['uid', 2 ** 32],
    ['gid', -1],
    ['gid', Number.NaN],
    ['umask', '27'],
    ['umask', '888'],
    ['umask', 27],
    ['chown', 'some'],
    ['ports', { 80: 0 }],
    ['ports', { 80: 70_000 }],
    ['ports', { http: 8080 }],
    ['readContext', 'folder']
  ]
  test.each(invalid)('%s: %j', (key, value) => {
    const options = { [key]: value } as RewriteOptions
    expect(codeOf(() => rewrite(flask, options))).toBe('INVALID_OPTION')
    if (key !== 'readContext')
      expect(codeOf(() => rewriteFiles(new Map([['Dockerfile', flask]]), options))).toBe('INVALID_OPTION')
  })

  test('transforms that do not exist', () => {
    expect(codeOf(() => rewrite(flask, { only: ['remap-port'] }))).toBe('UNKNOWN_TRANSFORM')
    expect(codeOf(() => rewrite(flask, { skip: [''] }))).toBe('UNKNOWN_TRANSFORM')
    expect(codeOf(() => rewrite(flask, { transforms: [], only: ['create-user'] }))).toBe('UNKNOWN_TRANSFORM')
  })

  test('a text that is none, files that are none', () => {
    expect(codeOf(() => rewrite(undefined as unknown as string))).toBe('INVALID_OPTION')
    expect(codeOf(() => rewrite(Buffer.from(flask) as unknown as string))).toBe('INVALID_OPTION')
    expect(codeOf(() => rewrite(flask, null as unknown as RewriteOptions))).toBe('INVALID_OPTION')
    expect(codeOf(() => rewriteFiles({ Dockerfile: flask } as unknown as Map<string, string>))).toBe('INVALID_OPTION')
  })

  test('a transform that is badly made', () => {
    const good: Transform = { name: 'add-label', summary: 's', description: 'd', apply: () => undefined }
    expect(defineTransform(good)).toBe(good)
    expect(codeOf(() => defineTransform({ ...good, name: 'addLabel' }))).toBe('INVALID_OPTION')
    expect(codeOf(() => defineTransform({ ...good, summary: '' }))).toBe('INVALID_OPTION')
    expect(codeOf(() => defineTransform({ ...good, description: '' }))).toBe('INVALID_OPTION')
    expect(codeOf(() => defineTransform({ ...good, apply: undefined as never }))).toBe('INVALID_OPTION')
  })

  test('edits that overlap', () => {
    const twice = defineTransform({
      name: 'edit-twice',
      summary: 's',
      description: 'd',
      apply({ stage, edit }) {
        edit.replace(stage.from.start, stage.from.end, 'FROM a', 'first')
        edit.replace(stage.from.start + 2, stage.from.end, 'FROM b', 'second')
      }
    })
    expect(codeOf(() => rewrite(flask, { transforms: [twice] }))).toBe('OVERLAPPING_EDIT')
  })
})

describe('transforms', () => {
  const addLabel = defineTransform({
    name: 'add-label',
    summary: 'Label the image',
    description: 'Adds a label at the end of the shipped stage.',
    apply({ stage, edit, report }) {
      const last = stage.instructions.at(-1) ?? stage.from
      if (stage.instructions.some(({ keyword }) => keyword === 'LABEL')) return
      edit.insertAfter(last, `${edit.keyword('LABEL')} converted=true`, 'label the image')
      report({ rule: 'labelled', severity: 'info', message: 'labelled', help: '', range: [last.start, last.end] })
    }
  })

  test('the preset is an array; own transforms compose with it by concatenation', () => {
    expect(Array.isArray(presets.user)).toBe(true)
    const result = rewrite(flask, { transforms: [...presets.user, addLabel] })
    expect(result.verdict).toBe('converted')
    expect(result.text).toBe(`${rewrite(flask).text}LABEL converted=true\n`)
    const change = result.changes.at(-1)
    expect(change).toMatchObject({ transform: 'add-label', message: 'label the image' })
    expect(change?.range.start).toEqual({ line: 5, column: 48 })
    expect(result.findings.map(({ rule }) => rule)).toContain('labelled')
  })

  test('an own list without a built-in transform that has something to do asks for a review', () => {
    const without = (name: string) => presets.user.filter((transform) => transform.name !== name)
    const result = rewrite(flask, { transforms: [...without('remap-ports'), addLabel] })
    expect(result.verdict).toBe('needs-review')
    const partial = result.findings.find(({ rule }) => rule === 'partial-run')
    expect(partial?.message).toBe('left out, though the user needs it: remap-ports')
    expect(rewrite(flask, { transforms: without('set-umask') }).verdict).toBe('converted')
  })

  test('an own transform in front sees the original text, one behind sees what was edited', () => {
    const seen: string[] = []
    const look = (name: string) =>
      defineTransform({
        name,
        summary: 's',
        description: 'd',
        apply: ({ dockerfile }) => void seen.push(dockerfile.text)
      })
    const result = rewrite(flask, { transforms: [look('look-first'), ...presets.user, look('look-last')] })
    expect(seen).toEqual([flask, result.text])
  })

  test('an own transform alone', () => {
    const result = rewrite(flask, { transforms: [addLabel] })
    expect(result.text).toBe(`${flask}LABEL converted=true\n`)
    expect(result.verdict).toBe('needs-review')
    expect(result.findings.map(({ rule }) => rule)).toContain('partial-run')
  })

  test('an own transform runs on an image that is non-root already', () => {
    const text = 'FROM alpine:3.20\nUSER 1000:1000\nCMD ["date"]\n'
    expect(rewrite(text, { transforms: [...presets.user, addLabel] }).text).toBe(`${text}LABEL converted=true\n`)
  })

  test('an own transform that breaks the file is not let through', () => {
    const breakIt = defineTransform({
      name: 'break-it',
      summary: 's',
      description: 'd',
      apply: ({ stage, edit }) => edit.insertAfter(stage.from, 'BOGUS', 'broken')
    })
    const result = rewrite(flask, { transforms: [...presets.user, breakIt] })
    expect(result.verdict).toBe('failed')
    expect(result.text).toBe(flask)
    expect(result.findings.map(({ rule }) => rule)).toEqual(['self-check'])
  })

  const expectedLines: Record<string, RegExp> = {
    'allow-arbitrary-user': /^\+RUN find \/app -type d -exec chmod g=u \{\} \+$/m,
    'create-user': /^\+ {4}&& useradd --uid 10001 /m,
    'leave-root-home': /^\+WORKDIR \/home\/node$/m,
    'open-program-modes': /^\+RUN chmod a\+rx \/start\.sh$/m,
    'own-cache-mounts': /^\+RUN --mount=type=cache,target=\/home\/node\/\.npm,uid=1000,gid=1000 npm ci$/m,
    'own-writable-paths': /^\+RUN mkdir -p \/app && chown 10001:10001 \/app$/m,
    'chown-copied-files': /^\+COPY --chown=10001:10001 \. \.$/m,
    'remap-ports': /^\+EXPOSE 8080$/m,
    'drop-privileges-in-entrypoint': /^\+ENTRYPOINT \["docker-entrypoint\.sh"\]$/m,
    'set-umask': /^\+CMD \["sh", "-c", "umask 027/m,
    'switch-user': /^\+USER 10001:10001$/m,
    'pin-numeric-user': /^\+USER 1000:1000$/m,
    'prepare-server': /^\+ {4}&& chown 101:101 \/var\/cache\/nginx$/m
  }
  const composeFiles = [
    {
      path: 'compose.yaml',
      name: 'compose.yaml',
      text: 'services:\n  web:\n    build: .\n    ports: ["80:80"]\n',
      services: [{ name: 'web', context: '.' }]
    }
  ]
  const manifests = [
    {
      path: '../k8s.yaml',
      name: 'k8s.yaml',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - {name: web, image: web}\n',
      images: [{ image: 'web' }]
    }
  ]
  const texts: Record<string, string> = {
    'pin-numeric-user': 'FROM node:22\nUSER node\nCMD ["node"]\n',
    'prepare-server': 'FROM nginx:1.27\n',
    'open-program-modes': 'FROM alpine:3.20\nCOPY start.sh /start.sh\nRUN chmod u+x /start.sh\nCMD ["/start.sh"]\n',
    'own-cache-mounts': 'FROM node:22\nUSER node\nRUN --mount=type=cache,target=/root/.npm npm ci\nCMD ["node"]\n',
    'leave-root-home': 'FROM node:22\nWORKDIR /root\nCOPY . .\nCMD ["node", "server.js"]\n',
    'keep-steps-root': 'FROM team/base\nRUN apt-get update\nCMD ["serve"]\n'
  }
  /** A base of the same tree that is converted in the same run. */
  const base: BaseDockerfile = {
    path: 'base/Dockerfile',
    text: flask,
    evidence: 'as the test says',
    result: rewrite(flask)
  }
  test.each(presets.user.map((transform) => [transform.name, transform] as const))(
    '%s runs alone',
    (name, transform) => {
      const text = texts[name] ?? flask
      const asked = {
        ...(name === 'allow-arbitrary-user' && { strategy: 'arbitrary-user' as const }),
        ...(name === 'set-umask' && { umask: '027' }),
        ...(name === 'drop-privileges-in-entrypoint' && { strategy: 'entrypoint' as const }),
        ...(name === 'keep-steps-root' && { findBase: () => base }),
        ...(name === 'update-compose' && { composeFiles }),
        ...(name === 'update-kubernetes' && { manifests })
      }
      const byOnly = rewrite(text, { only: [name], ...asked })
      const byArray = rewrite(text, { transforms: [transform], only: [name], ...asked })
      expect(byArray.text).toBe(byOnly.text)
      expect(new Set(byOnly.changes.map((change) => change.transform))).toEqual(new Set([name]))
      if (expectedLines[name] !== undefined) expect(byOnly.diff()).toMatch(expectedLines[name])
      if (name === 'update-kubernetes')
        expect(byOnly.companions.get('../k8s.yaml')).toContain('\n    runAsNonRoot: true\n')
      if (name === 'update-compose') expect(byOnly.companions.get('compose.yaml')).toContain('ports: ["80:8080"]')
    }
  )

  test('one by one they give what the preset gives at once', () => {
    let text = flask
    for (const { name } of presets.user) text = rewrite(text, { only: [name] }).text
    const { verdict } = rewrite(text)
    expect(verdict).toBe('already-non-root')
    expect(text).toContain('USER 10001:10001')
  })

  test('the entry for single transforms has those of the preset', () => {
    const exported = Object.values(builtIn).filter((value): value is Transform => !Array.isArray(value))
    expect(exported.map(({ name }) => name).sort()).toEqual(presets.user.map(({ name }) => name).sort())
  })
})

describe('rewriteFiles', () => {
  const tree = new Map([
    ['api/Dockerfile', 'FROM python:3.12-slim\nWORKDIR /app\nCOPY start.sh /start.sh\nCMD ["/start.sh"]\n'],
    ['api/start.sh', '#!/bin/sh\nexec python app.py\n'],
    ['web/Dockerfile', 'FROM consul:1.15\n'],
    ['README.md', '# readme\n']
  ])

  test('every file comes back, every Dockerfile is reported', () => {
    const { files, reports, companions } = rewriteFiles(tree, { umask: '027' })
    expect([...files.keys()]).toEqual([...tree.keys()])
    expect(reports.map(({ path, verdict }) => [path, verdict])).toEqual([
      ['api/Dockerfile', 'converted'],
      ['web/Dockerfile', 'refused']
    ])
    expect(files.get('api/start.sh')).toBe('#!/bin/sh\numask 027\nexec python app.py\n')
    expect(companions).toHaveLength(1)
    expect(companions[0]).toMatchObject({
      path: 'api/start.sh',
      for: ['api/Dockerfile'],
      changed: true,
      created: false
    })
    expect(companions[0]?.diff).toMatch(/^--- a\/api\/start\.sh\n\+\+\+ b\/api\/start\.sh\n/)
    expect(tree.get('api/start.sh')).toBe('#!/bin/sh\nexec python app.py\n')
  })

  test('a step that asks git about the copied repository still may', () => {
    const text = 'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN go build -o /usr/local/bin/app .\nCMD ["app"]\n'
    const step = 'RUN git config --system --add safe.directory /src && go build -o /usr/local/bin/app .'
    const tree = (more: [string, string][]) =>
      rewriteFiles(new Map([['Dockerfile', text], ...more])).files.get('Dockerfile')
    expect(tree([['.git/HEAD', 'ref: refs/heads/main\n']])).toContain(step)
    expect(tree([])).not.toContain('safe.directory')
    expect(rewriteFiles(new Map([['Dockerfile', tree([['.git/HEAD', 'x']]) as string]])).reports[0]?.changes).toEqual(
      []
    )
  })

  test('the context can be said', () => {
    const files = new Map([
      ['docker/api.Dockerfile', 'FROM alpine:3.20\nCOPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\n'],
      ['run.sh', '#!/bin/sh\nmkdir -p /var/lib/outer\n'],
      ['docker/run.sh', '#!/bin/sh\nmkdir -p /var/lib/inner\n']
    ])
    const paths = (context?: string) =>
      rewriteFiles(files, context === undefined ? {} : { context }).reports[0]?.writablePaths.map(({ path }) => path)
    expect(paths()).toEqual(['/var/lib/inner'])
    expect(paths('')).toEqual(['/var/lib/outer'])
    expect(paths('docker')).toEqual(['/var/lib/inner'])
  })

  test('an empty tree', () => {
    expect(rewriteFiles(new Map())).toEqual({ files: new Map(), reports: [], companions: [] })
  })
})
