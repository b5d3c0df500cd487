/** Ports below 1024 that the source of an interpreted program names itself. */
import type { Instruction } from '../dockerfile/instruction.ts'
import { resolvePath, type StageImage } from '../image/image.ts'
import { type Copy, findOrigin } from './copies.ts'
import type { StartUp } from './startup.ts'

export interface SourcePort {
  port: number
  /** `server.js line 12`. */
  place: string
  instruction: Instruction | undefined
  /** The variable that would win over the number. */
  variable: string | undefined
}

interface Language {
  programs: RegExp
  files: RegExp
  comment: RegExp
  /** Groups `port` and, where the number is only what a variable falls back to, `variable`. */
  listeners: readonly RegExp[]
}

const languages: readonly Language[] = [
  {
    programs: /^(?:node|nodemon|bun|deno|tsx|ts-node)$/,
    files: /\.[cm]?[jt]s$/,
    comment: /^\s*(?:\/\/|\*)/,
    // source: nodejs.org/api/net.html, server.listen(port); expressjs.com, app.listen
    listeners: [
      /\.listen\(\s*(?<port>\d{1,3})\s*[,)]/,
      /\.listen\(\s*\{[^}]*\bport:\s*(?<port>\d{1,3})\b/,
      /\bport\b\s*[:=]\s*process\.env\.(?<variable>\w+)\s*(?:\|\||\?\?)\s*["']?(?<port>\d{1,3})\b/i,
      /\.listen\(\s*process\.env\.(?<variable>\w+)\s*(?:\|\||\?\?)\s*["']?(?<port>\d{1,3})\b/
    ]
  },
  {
    programs: /^python[\d.]*$/,
    files: /\.py$/,
    comment: /^\s*#/,
    // source: flask.palletsprojects.com, Flask.run(host, port); docs.python.org, http.server.HTTPServer, socket.bind
    listeners: [
      /\.run\([^)#]*\bport\s*=\s*(?<port>\d{1,3})\b/,
      /\bport\s*=\s*(?:int\(\s*)?os\.(?:environ\.get|getenv)\(\s*["'](?<variable>\w+)["']\s*,\s*["']?(?<port>\d{1,3})\b/i,
      /(?:Server|bind)\(\s*\(\s*["'][^"']*["']\s*,\s*(?<port>\d{1,3})\s*\)/
    ]
  }
]

/** The first place of each port in the file that the command names. */
export function findSourcePorts(
  { programs }: StartUp,
  image: StageImage,
  copies: readonly Copy[],
  readContext: ((path: string) => string | undefined) | undefined
): SourcePort[] {
  const found = new Map<number, SourcePort>()
  for (const { name, args, guard, instruction } of programs) {
    const language = languages.find(({ programs: names }) => names.test(name))
    const file = language && args.find((word) => !word.startsWith('-') && language.files.test(word))
    if (language === undefined || file === undefined || guard === 'root') continue
    const origin = findOrigin(copies, resolvePath(image.final.workdir, file), readContext)
    if (origin?.kind !== 'context' && origin?.kind !== 'heredoc') continue
    for (const [index, line] of origin.text.split('\n').entries()) {
      if (language.comment.test(line)) continue
      for (const listener of language.listeners) {
        const { port: digits, variable } = listener.exec(line)?.groups ?? {}
        const port = Number(digits)
        if (!(port > 0) || (variable !== undefined && image.final.environment.has(variable))) continue
        if (!found.has(port)) found.set(port, { port, place: `${file} line ${index + 1}`, instruction, variable })
      }
    }
  }
  return [...found.values()]
}
