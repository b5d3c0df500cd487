import { describe, expect, it } from 'vitest'
import { colourDiff } from '../src/cli/colour-diff.ts'
import { createColours } from '../src/cli/colours.ts'
import { nextCommands, programName, type RunState } from '../src/cli/next-commands.ts'
import { renderPage } from '../src/cli/page.ts'
import { allRules } from '../src/cli/rules.ts'
import { createTerminalNotes } from '../src/cli/terminal-notes.ts'
import { guides } from '../src/report/guides.ts'
import { buildFailedReport } from '../src/report/json.ts'
import type { CompanionReport, FileReport, Finding, Verdict } from '../src/types.ts'
import { transforms } from '../transforms/index.ts'

const on = createColours(true)
const off = createColours(false)

/** Colours as marks that can be read: {red ...}. */
function readable(text: string): string {
  const names: Record<string, string> = {
    1: 'bold',
    2: 'dim',
    7: 'inverse',
    31: 'red',
    32: 'green',
    33: 'yellow',
    36: 'cyan'
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return text.replace(/\u001b\[(\d+)m/g, (_, code: string) => (names[code] ? `{${names[code]} ` : '}'))
}

function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  return text.replace(/\u001b\[\d+m/g, '')
}

const diffOf = (...lines: string[]) => `--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n${lines.join('\n')}\n`
const coloured = (...lines: string[]) =>
  readable(colourDiff(diffOf(...lines), on))
    .split('\n')
    .slice(3, -1)

describe('a coloured diff', () => {
  it('emphasises the words that changed within a line', () => {
    expect(coloured('-EXPOSE 80', '+EXPOSE 8080')).toEqual([
      '{red -EXPOSE {inverse 80}}',
      '{green +EXPOSE {inverse 8080}}'
    ])
  })

  it('pairs lines by what they have in common, in order', () => {
    expect(coloured('-COPY . .', '-EXPOSE 80', '+RUN mkdir /app', '+COPY --chown=1:1 . .', '+EXPOSE 8080')).toEqual([
      '{red -COPY . .}',
      '{red -EXPOSE {inverse 80}}',
      '{green +RUN mkdir /app}',
      '{green +COPY {inverse --chown=1:1} . .}',
      '{green +EXPOSE {inverse 8080}}'
    ])
  })

  it('emphasises nothing in lines that have little in common', () => {
    expect(coloured('-USER root', '+RUN useradd app')).toEqual(['{red -USER root}', '{green +RUN useradd app}'])
  })

  it('leaves notes about the final newline alone', () => {
    const lines = ['-a 1', '\\ No newline at end of file', '+a 2', '\\ No newline at end of file']
    expect(coloured(...lines)).toEqual(['{red -a {inverse 1}}', lines[1], '{green +a {inverse 2}}', lines[3]])
  })

  it.each([
    ['of one line', diffOf(' a', '-b 1', '+b 2', ' c')],
    ['with CRLF', diffOf('-b 1\r', '+b 2\r')],
    ['of a new file', '--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+a\n+b\n'],
    ['of lines that begin with dashes', diffOf('--- a', '+++ a b')],
    ['of nothing', '']
  ])('%s has the same text as without colours', (_, diff) => {
    expect(withoutColours(colourDiff(diff, on))).toBe(diff)
    expect(colourDiff(diff, off)).toBe(diff)
  })

  it('takes no time for blocks and lines that are not worth it', () => {
    const removed = Array.from({ length: 20_000 }, (_, index) => `-RUN echo ${index}`)
    const added = removed.map((line) => `+${line.slice(1)} x`)
    const long = 'x '.repeat(500_000)
    const started = performance.now()
    colourDiff(diffOf(...removed, ...added, ' ', `-${long}1`, `+${long}2`), on)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

const finding: Finding = {
  rule: 'low-port',
  severity: 'warning',
  message: 'EXPOSE 80 stays below 1024, which some platforms close to users other than root, whatever the image says',
  help: 'Remap it.',
  range: { start: { line: 3, column: 1 }, end: { line: 3, column: 10 } }
}

const report = (path: string, verdict: Verdict, findings: Finding[] = [], diff = ''): FileReport => ({
  ...buildFailedReport(path, ...findings),
  verdict,
  diff
})

interface NotesSetup {
  columns?: number
  colours?: typeof on
  isQuiet?: boolean
  isVerbose?: boolean
  isWritten?: boolean
  args?: string[]
}

function notesOf(files: FileReport[], setup: NotesSetup = {}, companions: CompanionReport[] = []): string {
  let written = ''
  const { columns = 80, colours = off, isQuiet = false, isVerbose = false, isWritten = false, args = [] } = setup
  const notes = createTerminalNotes({
    errors: { write: (text) => (written += text) },
    errorColours: colours,
    isWritten,
    isQuiet,
    isVerbose,
    columns,
    run: { program: 'unroot', args, isDryRun: false }
  })
  for (const file of files) notes.add(file)
  notes.print(companions)
  return written
}

describe('notes for a terminal', () => {
  const files = [
    report('a/Dockerfile', 'converted', [], '--- a'),
    report('b/Dockerfile', 'needs-review', [finding], '--- b'),
    report('c/Dockerfile', 'refused', [{ ...finding, severity: 'error', rule: 'needs-root-service' }])
  ]

  it('group findings by file, count verdicts in columns, and say what to type next', () => {
    expect(notesOf(files, { args: ['--check', 'services'] })).toBe(`
b/Dockerfile  needs-review
   3  warning  EXPOSE 80 stays below 1024, which some platforms close to users
               other than root, whatever the image says [low-port]

c/Dockerfile  refused
   3  error    EXPOSE 80 stays below 1024, which some platforms close to users
               other than root, whatever the image says [needs-root-service]

3 files; 2 would change
  1  converted
  1  needs review
  1  refused

  Apply it                  unroot --write services
  One by one                unroot --interactive services
  Prove it                  unroot verify services
  Why "needs-root-service"  unroot explain needs-root-service
`)
  })

  it.each([40, 60, 80, 140])('fit in %i columns', (columns) => {
    const [findings = ''] = notesOf(files, { columns }).split('\n3 files')
    for (const line of findings.split('\n')) expect(line.length).toBeLessThanOrEqual(Math.min(columns, 100))
  })

  it('count companions, and have one line for one file', () => {
    const companion = { path: 'compose.yaml', for: ['a/Dockerfile'], changed: true, created: false, diff: '--- c' }
    expect(notesOf(files.slice(0, 1), { isWritten: true }, [companion])).toBe('\n1 file: 1 converted; 2 changed\n')
  })

  it('are only the errors when they shall be quiet', () => {
    expect(notesOf(files, { isQuiet: true })).toMatch(/^\nc\/Dockerfile {2}refused\n +3 {2}error .*\n.*\n$/)
    expect(notesOf(files.slice(0, 2), { isQuiet: true })).toBe('')
  })

  it('tell changes and remedies when they shall be verbose', () => {
    const change = { transform: 'switch-user', message: 'run as 10001:10001', range: finding.range }
    const told = notesOf([{ ...report('d', 'converted', [finding], '--- d'), changes: [change] }], { isVerbose: true })
    expect(told).toContain('\n   3  change   run as 10001:10001 [switch-user]\n')
    expect(told).toContain('\n               Remap it.\n')
  })

  it('name what is accepted with its reason, and do not ask about it', () => {
    const accepted = { ...finding, severity: 'error' as const, accepted: { reason: 'host network' } }
    const told = notesOf([report('d', 'refused', [accepted])])
    expect(told).toContain('(accepted: host network)')
    expect(told).not.toContain('unroot explain')
  })

  it('have colours where there shall be some', () => {
    const told = readable(notesOf(files, { colours: on }))
    expect(told).toContain('{bold b/Dockerfile}  {yellow needs-review}')
    expect(told).toContain('{dim  3}  {yellow warning}  EXPOSE')
    expect(withoutColours(notesOf(files, { colours: on }))).toBe(notesOf(files))
  })
})

describe('the next commands', () => {
  const state = (more: Partial<RunState>): RunState => ({
    program: 'unroot',
    args: [],
    changes: 1,
    isWritten: false,
    isDryRun: false,
    rules: new Map(),
    ...more
  })

  it.each<[string, Partial<RunState>, string[]]>([
    ['something would change', {}, ['unroot --write', 'unroot verify']],
    ['everything is written', { isWritten: true }, []],
    ['nothing changes', { changes: 0 }, []],
    ['it was a dry run', { isDryRun: true, args: ['-w', '.'] }, ['DRY_RUN=false unroot --write .', 'unroot verify .']],
    [
      'options say how to convert',
      { args: ['--format', 'diff', '--uid', '2000', '-o', 'x', '--format=diff', '--port', '80=81', 'my dir'] },
      ["unroot --write --uid 2000 --port 80=81 'my dir'", "unroot verify --uid 2000 --port 80=81 'my dir'"]
    ],
    ['the text came from standard input', { args: ['-'] }, []],
    [
      'there are findings',
      {
        changes: 0,
        rules: new Map([
          ['low-port', { severity: 'warning', count: 9 }],
          ['published-port', { severity: 'info', count: 20 }],
          ['b', { severity: 'error', count: 1 }],
          ['a', { severity: 'error', count: 2 }]
        ])
      },
      ['unroot explain a']
    ]
  ])('when %s', (_, more, commands) => {
    expect(nextCommands(state(more)).map(([, command]) => command)).toEqual(commands)
  })

  it('are those of npx for who uses npx', () => {
    expect(programName({ npm_command: 'exec' })).toBe('npx unroot')
    expect(programName({ npm_command: 'run' })).toBe('unroot')
  })
})

describe('a page at a terminal', () => {
  const page = [
    '# low-port',
    '',
    'Rule (info): Some *words* with `code` and **more**,',
    'which go on in the next line for as long as it takes to fill the width.',
    '',
    '- One item that is long enough to need another line below itself, behind its mark',
    '  and a line of its own',
    '- `two`',
    '',
    '```diff',
    '-USER root',
    '+USER 1:1',
    '```',
    '',
    '```sh',
    'a very long command that no terminal should break, because somebody may want to copy it',
    '```'
  ].join('\n')

  it('is wrapped, with lists that hang and code as it is', () => {
    expect(renderPage(page, { colours: off, width: 60 })).toBe(`low-port

Rule (info): Some *words* with \`code\` and **more**, which go
on in the next line for as long as it takes to fill the
width.

  - One item that is long enough to need another line below
    itself, behind its mark and a line of its own
  - \`two\`

    -USER root
    +USER 1:1

    a very long command that no terminal should break, because somebody may want to copy it
`)
  })

  it('has headings, code and diffs in colour', () => {
    const lines = readable(renderPage(page, { colours: on, width: 60 })).split('\n')
    expect(lines[0]).toBe('{bold low-port}')
    expect(lines[2]).toMatch(/^Rule \(info\): Some \*words\* with \{cyan code\} and \{bold more\}/)
    expect(lines).toContain('    {red -USER {inverse root}}')
  })

  it('keeps every word of every page', () => {
    const words = (text: string) =>
      text
        .replace(/^```\w*$/gm, '')
        .replace(/^ *#+ /gm, '')
        .split(/\s+/)
        .join(' ')
        .trim()
    for (const { name, description } of [...transforms, ...guides, ...allRules]) {
      const links = description.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
      expect(words(renderPage(description, { colours: off, width: 80 })), name).toBe(words(links))
    }
  })
})
