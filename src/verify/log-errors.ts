/** Finds the lines of a log that speak of missing permissions. Pure. */

const permissionErrors =
  /\bEACCES\b|\bEPERM\b|\bEROFS\b|permission denied|operation not permitted|read-only file ?system|access (?:is )?denied|AccessDeniedException|PermissionError/i

/**
 * What a start script says in passing and goes on: the official nginx image listens on IPv6 when it can.
 * source: nginxinc/docker-nginx entrypoint/10-listen-on-ipv6-by-default.sh
 */
const remarks = /^10-listen-on-ipv6-by-default\.sh: info: /

/** Numbers, times and addresses differ from run to run. */
const normalize = (line: string): string =>
  line
    .replace(/0x[0-9a-f]+/gi, '#')
    .replace(/\d+/g, '#')
    .trim()

/**
 * Lines of `after` that name a missing permission and that the original did not print as well.
 *
 * @example
 * findNewErrors(['pid 7: ready'], ["pid 9: open '/data/x': EACCES"]) // => ["pid 9: open '/data/x': EACCES"]
 */
export function findNewErrors(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(before.map(normalize))
  const found = new Map<string, string>()
  for (const line of after) {
    if (!permissionErrors.test(line) || remarks.test(line)) continue
    const key = normalize(line)
    if (!known.has(key) && !found.has(key)) found.set(key, line.trim())
  }
  return [...found.values()]
}

/**
 * A step of a build looked for a host and has no network. Base images are fetched by the engine, whose network is another.
 *
 * @example
 * missesNetwork(['npm error code EAI_AGAIN']) // => true
 */
export function missesNetwork(log: readonly string[]): boolean {
  return (
    log.some((line) => networkErrors.test(line)) && !log.some((line) => /failed to resolve source metadata/.test(line))
  )
}

/** source: npm, pip, apt-get, apk, curl, wget and Go in a container with `--network none` */
const networkErrors =
  /\bEAI_AGAIN\b|\bENOTFOUND\b|\bENETUNREACH\b|temporary failure (?:in name resolution|resolving)|could(?: not|n't) resolve|unable to resolve|name or service not known|network (?:is )?unreachable|bad address|dial tcp: lookup|DNS: transient error/i

/**
 * The lines of a log in the order in which they were written. `logs --timestamps` hands over what went to standard
 * output and what went to standard error separately, each line with its time.
 */
export function mergeLog(...texts: string[]): string[] {
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
  const stamped = lines.map((line, index) => {
    const [, time, rest] = /^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(line) ?? []
    return { time: time ?? '', index, text: (rest ?? line).replace(/\r$/, '') }
  })
  return stamped
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.index - b.index))
    .map(({ text }) => text)
}
