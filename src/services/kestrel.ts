/** Kestrel, the server of ASP.NET Core: endpoints of appsettings.json win over its variables. */
import { applicationLayout, defineServer } from './server.ts'
import { type ConfigFacts, type Listen, noFacts } from './server-config.ts'

/** source: learn.microsoft.com, Configure endpoints for Kestrel: `Kestrel:Endpoints:NAME:Url`, and `urls` */
function readFacts(text: string): ConfigFacts | undefined {
  const listens: Listen[] = []
  const kestrel = /"Kestrel"\s*:\s*\{/i.exec(text)
  if (kestrel !== null) {
    const end = closingBrace(text, kestrel.index + kestrel[0].length - 1)
    const body = text.slice(kestrel.index, end)
    for (const match of body.matchAll(/"Url"\s*:\s*"https?:\/\/[^"/]*?:(\d{1,5})\/?"/gi))
      add(kestrel.index + match.index, match)
  }
  for (const match of text.matchAll(/^\s*"(?:urls|ASPNETCORE_URLS)"\s*:\s*"(?:https?:\/\/[^";/]*?:\d{1,5}\/?;?)+"/gim))
    for (const url of match[0].matchAll(/https?:\/\/[^";/]*?:(\d{1,5})/gi)) add(match.index + url.index, url)
  return { ...noFacts, listens }

  function add(at: number, match: RegExpMatchArray) {
    const digits = match[1] as string
    const start = at + match[0].lastIndexOf(digits)
    listens.push({
      port: Number(digits),
      variable: undefined,
      start,
      end: start + digits.length,
      before: '',
      after: '',
      isEcho: false
    })
  }
}

function closingBrace(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++
    } else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at + 1
  }
  return text.length
}

export const kestrel = defineServer({
  name: 'Kestrel',
  programs: ['dotnet'],
  services: [],
  packages: /^$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir }) => applicationLayout('Kestrel', workdir),
  findSources({ args }, folders) {
    const project = args.map((word) => /^(?:.*\/)?([\w.-]+)\.dll$/.exec(word)?.[1]).find((each) => each !== undefined)
    const places = ['', 'src', ...(project === undefined ? [] : [project, `src/${project}`])]
    return folders.flatMap((folder) =>
      places.flatMap((place) =>
        ['appsettings.json', 'appsettings.Production.json'].map((name) =>
          [folder, place, name].filter((part) => part !== '').join('/')
        )
      )
    )
  },
  readArguments: () => ({ config: undefined, prefix: undefined, settings: new Map() }),
  read: readFacts,
  byHand: 'Let its endpoints name ports above 1023, then change EXPOSE.',
  comment: (uid, { port }) => `Kestrel as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: () => []
})
