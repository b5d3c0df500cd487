import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { applySed } from '../src/plan/sed.ts'
import { rewrite } from '../src/rewrite.ts'
import { readApacheConfig, readApacheFacts } from '../src/services/apache-config.ts'
import { readNginxConfig } from '../src/services/nginx-config.ts'
import { readNginxFacts } from '../src/services/nginx-facts.ts'
import { applyConfigEdits } from '../src/services/server-config.ts'

const listens = (text: string, context = 'http') =>
  readNginxFacts(text, context)?.listens.map(({ port, variable, start, end }) => [
    port ?? variable,
    text.slice(start, end)
  ])

describe('nginx configuration', () => {
  test.each([
    ['server { listen 80; }', [[80, '80']]],
    [
      'server { listen [::]:443 ssl; listen 127.0.0.1:81; }',
      [
        [443, '443'],
        [81, '81']
      ]
    ],
    ['server { listen localhost; }', [[80, '']]],
    ['server { listen 10.0.0.1; }', [[80, '']]],
    ['server { listen [::1]; }', [[80, '']]],
    ['server { listen unix:/run/x.sock; }', []],
    ['server { listen ${PORT}; }', [['${PORT}', '${PORT}']]],
    ['server { listen 80-85; }', [['80-85', '80-85']]],
    ['server { }', [[80, '']]],
    ['# listen 80;\nserver { listen 8080; # listen 80;\n}', [[8080, '8080']]],
    ['upstream a { server b:80; } server { listen "80"; }', [[80, '80']]],
    ['server { listen 81; location / { proxy_pass http://a:80; return 301 http://b:80/; } }', [[81, '81']]]
  ])('%s', (text, expected) =>
    expect(listens(text)?.map(([port, source]) => [port, String(source).replaceAll('"', '')])).toEqual(expected)
  )

  it('knows the context in which a file is included', () => {
    expect(listens('listen 80;', 'server')).toEqual([[80, '80']])
    expect(listens('listen 80;', 'location')).toEqual([])
    expect(listens('server { listen 80; }', 'stream')).toEqual([[80, '80']])
  })

  it('reads words as nginx does', () => {
    const read = (text: string) =>
      readNginxConfig(text)?.map(({ name, args }) => [name, ...args.map(({ value }) => value)])
    expect(read(`log_format a '$x "y" {' "z;";`)).toEqual([['log_format', 'a', '$x "y" {', 'z;']])
    expect(read('set $a b${c}d\\ e;')).toEqual([['set', '$a', 'b${c}d\\ e']])
    expect(read('content_by_lua_block { ngx.say("}") -- }\n local t = { [[ } ]] } }')).toEqual([
      ['content_by_lua_block']
    ])
    for (const broken of ['server {', 'listen 80', '}', 'a "b', '{{ x }};', '; '])
      expect(readNginxConfig(broken), broken).toBeUndefined()
  })

  it('never throws, and its offsets are those of the text', () => {
    const pieces = fc.constantFrom(
      'server',
      ' ',
      '\n',
      '\r\n',
      '{',
      '}',
      ';',
      'listen',
      '80',
      '"',
      "'",
      '\\',
      '#',
      '$',
      '${',
      'é',
      'a_by_lua_block',
      '[[',
      '--'
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join('')
        for (const { name, start } of readNginxConfig(text) ?? [])
          if (/^\w/.test(name) && !/["'\\]/.test(text)) expect(text.startsWith(name, start)).toBe(true)
        for (const { start, end } of readNginxFacts(text, 'main')?.listens ?? []) expect(start).toBeLessThanOrEqual(end)
        readApacheFacts(text)
      })
    )
  })
})

describe('Apache configuration', () => {
  const read = (text: string) =>
    readApacheFacts(text)?.listens.map(({ port, variable, isEcho, start, end }) => [
      port ?? variable,
      isEcho,
      text.slice(start, end)
    ])

  test.each([
    [
      'Listen 80\nlisten 0.0.0.0:81\nLISTEN [::]:443 https\n',
      [
        [80, false, '80'],
        [81, false, '81'],
        [443, false, '443']
      ]
    ],
    [
      '<VirtualHost *:80 _default_:443>\n</VirtualHost>',
      [
        [80, true, '80'],
        [443, true, '443']
      ]
    ],
    ['<VirtualHost "*:80">\n</VirtualHost>', [[80, true, '80']]],
    ['# Listen 80\nListen \\\n  8080\n', [[8080, false, '8080']]],
    ['Listen ${PORT}\n', [['${PORT}', false, '${PORT}']]],
    ['NameVirtualHost *:80\nListenBacklog 511\n', [[80, true, '80']]],
    ['<VirtualHost *>\n</VirtualHost>\nServerName example.org:80\n', []]
  ])('%s', (text, expected) => expect(read(text)).toEqual(expected))

  it('refuses what Apache would refuse', () => {
    for (const broken of ['<VirtualHost *:80>\n', '</VirtualHost>\n', '<Directory />\n</VirtualHost>\n', '{{ x }}\n'])
      expect(readApacheConfig(broken), broken).toBeUndefined()
  })
})

describe('sed', () => {
  const text = 'listen       80;\n#Include a.conf\nuser nginx;\n'
  test.each<[readonly string[], string | undefined]>([
    [['-i', 's/80/8080/', 'f'], 'listen       8080;\n#Include a.conf\nuser nginx;\n'],
    [['-i', '-e', '/^user /d', 'f'], 'listen       80;\n#Include a.conf\n'],
    [['-ri', 's/^#(Include .*)/\\1/', 'f'], 'listen       80;\nInclude a.conf\nuser nginx;\n'],
    [['-i', 's/^#\\(Include .*\\)/\\1/', 'f'], 'listen       80;\nInclude a.conf\nuser nginx;\n'],
    [['-i', 's,listen *80,listen &,', 'f'], 'listen listen       80;\n#Include a.conf\nuser nginx;\n'],
    [['-i', '1i pid x;', 'f'], `pid x;\n${text}`],
    [['-i', 's/keepalive 1/keepalive 2/', 'f'], text],
    [['-i', '/http {/a listen 80;', 'f'], undefined],
    [['-i', '-n', 's/80/81/p', 'f'], undefined],
    [['-i', 's/listen/x/e', 'f'], undefined]
  ])('%j', (words, expected) => expect(applySed(text, words, 'f')).toBe(expected))
})

describe('a server configuration of the build context', () => {
  const dockerfile = 'FROM nginx:1.27\nCOPY site.conf /etc/nginx/conf.d/default.conf\nEXPOSE 80\n'

  it('is edited with the Dockerfile', () => {
    const site = 'server {\r\n    listen 80;   # public\r\n}\r\n'
    const result = rewrite(dockerfile, { readContext: (name) => (name === 'site.conf' ? site : undefined) })
    expect(result.verdict).toBe('converted')
    expect([...result.companions]).toEqual([['site.conf', site.replace('listen 80', 'listen 8080')]])
    expect(result.serverFiles).toEqual(['site.conf'])
    expect(result.ports).toEqual([{ from: 80, to: 8080 }])
  })

  it('is never edited for a Dockerfile that is refused', () => {
    const readContext = () => 'server { listen 80; }'
    const result = rewrite(`${dockerfile}CMD service cron start && nginx\n`, { readContext })
    expect(result.verdict).toBe('refused')
    expect(result.companions.size).toBe(0)
  })

  it('keeps its port where nobody can read it', () => {
    const result = rewrite(dockerfile)
    expect(result.verdict).toBe('needs-review')
    expect(result.text).toContain('EXPOSE 80\n')
    expect(result.findings.map(({ rule }) => rule)).toEqual(['unread-server-config', 'low-port'])
  })

  it('never makes the rewriting throw', () => {
    const pieces = fc.constantFrom(
      'server {',
      '}',
      ' listen 80;',
      '\n',
      'include /etc/nginx/*.conf;',
      ' pid /x;',
      'user a;',
      '"',
      '$x',
      ' listen ${P};',
      '#'
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const readContext = (name: string) => (name === 'nginx.conf' ? parts.join('') : undefined)
        const first = rewrite('FROM nginx:1.27\nENV P=80\nCOPY nginx.conf /etc/nginx/nginx.conf\n', { readContext })
        expect(first.verdict).not.toBe('failed')
        const again = (name: string) => first.companions.get(name) ?? readContext(name)
        const second = rewrite('FROM nginx:1.27\nENV P=80\nCOPY nginx.conf /etc/nginx/nginx.conf\n', {
          readContext: again
        })
        expect(second.companions.size).toBe(0)
      })
    )
  })

  it('applies edits from behind, each once', () => {
    expect(
      applyConfigEdits('abc', [
        { start: 2, end: 3, text: 'x' },
        { start: 0, end: 1, text: '' }
      ])
    ).toBe('bx')
  })
})
