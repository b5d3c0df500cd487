import { homePage } from '../report/links.ts'
import type { Strategy } from '../types.ts'
import { configSchema } from './schema.ts'

/** What somebody who writes a config is asked. */
export interface ConfigAnswers {
  strategy: Strategy
  user: string
  uid: number
  umask: string | undefined
  companions: boolean
  harden: boolean
  /** What `unroot verify` asks the started image for. */
  http: string | undefined
}

export const defaultAnswers: ConfigAnswers = {
  strategy: 'user',
  user: 'app',
  uid: 10001,
  umask: undefined,
  companions: true,
  harden: false,
  http: undefined
}

/** Where the schema is read when the package is not installed beside the config. */
export const schemaPage = `${homePage}/raw/main/config.schema.json`

/** A config file in YAML that says what was answered, and shows the other keys that most people need. */
export function writeConfig(answers: ConfigAnswers, schema: string): string {
  const { strategy, user, uid, umask, companions, harden, http } = answers
  const makesAccount = strategy !== 'arbitrary-user'
  const sections = [
    entry('strategy', [`strategy: ${strategy}`]),
    // Said, they would be made also where the image has an account of its own.
    entry('user', [`user: ${user}`], makesAccount && user !== defaultAnswers.user),
    entry('uid', [`uid: ${uid}`], uid !== defaultAnswers.uid),
    entry('umask', [`umask: "${umask ?? (makesAccount ? '027' : '007')}"`], umask !== undefined),
    entry('companions', [`companions: ${companions}`]),
    entry('harden', [`harden: ${harden}`]),
    entry('verify', ['verify:', `  http: ${JSON.stringify(http ?? '/health')}`], http !== undefined),
    entry('exclude', ['exclude:', '  - legacy/**', '  - "*.dev.Dockerfile"'], false),
    entry('overrides', ['overrides:', '  - files: services/web/**', '    target: runtime', '    port: 80=9000'], false),
    entry(
      'ignore',
      [
        'ignore:',
        '  - path: tools/backup/Dockerfile',
        '    rule: needs-root-service',
        '    reason: cron starts jobs of several users'
      ],
      false
    )
  ]
  return `# Options of unroot for the Dockerfiles below this folder. Flags win over this file.
# Patterns are written as in .gitignore; they and paths are relative to this folder.
# Every key: ${homePage}/blob/main/docs/config.md
$schema: ${schema}

${sections.join('\n')}`
}

/** A key under its description, as a comment when it is only an example. */
function entry(name: keyof typeof configSchema.entries, lines: readonly string[], isSet = true): string {
  const { wrapped } = configSchema.entries[name]
  const description = wrapped.pipe.find((item) => item.type === 'description')?.description ?? ''
  return `# ${description}.\n${lines.map((line) => `${isSet ? '' : '# '}${line}\n`).join('')}`
}
