/** Programs that listen on port 80 when their arguments name no port: the argument that says another. */
import { isBusyboxHttpd } from './busybox-httpd.ts'

interface ImpliedPort {
  /** Index of the word behind which the argument goes; undefined: the words name a port, or it is another program. */
  find(words: readonly string[]): number | undefined
  /** Says that the words name a port. */
  flag: RegExp
  port: number
  add: readonly [flag: string, prefix: string]
}

const baseName = (word: string): string => word.slice(word.lastIndexOf('/') + 1)

const impliedPorts: readonly ImpliedPort[] = [
  {
    // source: busybox networking/httpd.c: "-p [IP:]PORT Bind to IP:PORT (default *:80)"
    find(words) {
      const at = words.findIndex((word, index) => {
        const name = baseName(word)
        return isBusyboxHttpd({ name, args: words.slice(index + 1) })
      })
      return at === -1 ? undefined : words[at + 1] === 'httpd' ? at + 1 : at
    },
    flag: /^-p/,
    port: 80,
    add: ['-p', '']
  },
  {
    // source: varnishd(1): without -a it listens on :80
    find(words) {
      const at = words.findIndex((word) => baseName(word) === 'varnishd')
      return at === -1 || words.includes('-V') || words.includes('-C') ? undefined : at
    },
    flag: /^-a/,
    port: 80,
    add: ['-a', ':']
  },
  {
    // source: caddyserver.com/docs/command-line#caddy-file-server: `--listen`, default :80, or :443 with --domain
    find(words) {
      const at = words.findIndex(
        (word, index) => word === 'file-server' && baseName(words[index - 1] ?? '') === 'caddy'
      )
      return at === -1 || words.some((word) => /^(?:--domain|-d)/.test(word)) ? undefined : at
    },
    flag: /^(?:--listen|-l)/,
    port: 80,
    add: ['--listen', ':']
  }
]

/**
 * The port that a command listens on without saying so.
 *
 * @param others words of the other one of `ENTRYPOINT` and `CMD`
 */
export function findImpliedPort(
  words: readonly string[],
  others: readonly string[]
): { at: number; port: number; add: readonly [string, string] } | undefined {
  for (const { find, flag, port, add } of impliedPorts) {
    const at = find(words)
    if (
      at === undefined ||
      words.slice(at + 1).some((word) => flag.test(word)) ||
      others.some((word) => flag.test(word))
    )
      continue
    return { at, port, add }
  }
  return undefined
}
