import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { searchPlaces } from '../config/search-places.ts'
import { type ConfigAnswers, defaultAnswers, schemaPage, writeConfig } from '../config/template.ts'
import { UnrootError } from '../errors.ts'
import { foldersUpward, relativePath } from '../node/paths.ts'
import { describeSystemError } from '../node/read.ts'
import { parseAccountName, parseUserId } from './flags.ts'
import type { Questions } from './questions.ts'
import { canAsk, type Terminal } from './terminal.ts'

const fileName = '.unrootrc.yaml'

interface InitOptions {
  cwd: string
  terminal: Terminal
  /** Ask nothing. */
  yes?: boolean
  isDryRun?: boolean
  /** How the user starts unroot. */
  program: string
}

/**
 * `unroot init`. Answers with the exit code.
 *
 * @throws {UnrootError} `CONFIG_INVALID` when there is a config already, `FILE_UNWRITABLE`
 */
export async function initCommand({ cwd, terminal, yes, isDryRun, program }: InitOptions): Promise<number> {
  refuseSecondConfig(cwd)
  const { output } = terminal
  const isAsking = !yes && canAsk(terminal)
  const answers = isAsking ? await ask(terminal) : defaultAnswers
  if (answers === undefined) {
    output.write('Nothing was written.\n')
    return 130
  }
  const text = writeConfig(answers, findSchema(cwd))
  if (isDryRun) {
    output.write(`DRY_RUN: ${fileName} would be written:\n\n${text}`)
    return 0
  }
  try {
    // Somebody else may have written one while the questions were answered.
    writeFileSync(path.join(cwd, fileName), text, { flag: 'wx' })
  } catch (error) {
    throw new UnrootError('FILE_UNWRITABLE', `cannot write ${fileName}: ${describeSystemError(error)}`, {
      cause: error
    })
  }
  output.write(`${isAsking ? '\n' : ''}Wrote ${fileName}${isAsking ? '' : ' with the defaults'}.${hiddenConfig(cwd)}\n`)
  output.write(`Next: \`${program}\` shows what would change; nothing is written without --write.\n`)
  return 0
}

function refuseSecondConfig(cwd: string): void {
  const found = searchPlaces.find((place) => holdsConfig(path.join(cwd, place)))
  if (found === undefined) return
  const [cause, remedy] =
    found === 'package.json'
      ? ['it has a config of unroot already (the key "unroot")', 'edit it, or take the key out']
      : ['it exists already', 'edit it, or remove it']
  throw new UnrootError('CONFIG_INVALID', `${found}: ${cause}, and is not overwritten; ${remedy} and run this again`)
}

function holdsConfig(file: string): boolean {
  if (!existsSync(file)) return false
  if (path.basename(file) !== 'package.json') return true
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { unroot?: unknown }).unroot !== undefined
  } catch {
    return false
  }
}

/** The nearest config is the only one that counts. */
function hiddenConfig(cwd: string): string {
  for (const folder of foldersUpward(cwd).slice(1)) {
    const place = searchPlaces.find((name) => holdsConfig(path.join(folder, name)))
    if (place !== undefined)
      return ` In this folder it counts instead of ${relativePath(cwd, path.join(folder, place))}.`
  }
  return ''
}

/** Editors read it: the one of the installed package, which fits its version. */
function findSchema(cwd: string): string {
  const installed = 'node_modules/unroot/config.schema.json'
  for (const folder of foldersUpward(cwd))
    if (existsSync(path.join(folder, installed))) {
      const relative = relativePath(cwd, path.join(folder, installed))
      return relative.startsWith('.') ? relative : `./${relative}`
    }
  return schemaPage
}

async function ask(terminal: Terminal): Promise<ConfigAnswers | undefined> {
  const { askAt } = await import('./questions.ts')
  const questions = askAt(terminal)
  try {
    return await askAll(questions)
  } finally {
    questions.close()
  }
}

async function askAll(questions: Questions): Promise<ConfigAnswers | undefined> {
  const { user: defaultUser, uid: defaultUid } = defaultAnswers
  const strategy = await questions.select('How shall images come to run as non-root?', [
    { value: 'user', label: 'user', hint: 'a USER line and all that it implies: the best for most images' },
    { value: 'entrypoint', label: 'entrypoint', hint: 'starts as root and steps down: development, mounted data' },
    { value: 'arbitrary-user', label: 'arbitrary-user', hint: 'OpenShift: any uid, group 0' }
  ])
  if (strategy === undefined) return undefined
  const makesAccount = strategy !== 'arbitrary-user'
  const user = makesAccount
    ? await questions.text(
        'Name of the account (another than app: made in every image)?',
        defaultUser,
        check(parseAccountName)
      )
    : defaultUser
  if (user === undefined) return undefined
  const uid = await questions.text('Its uid?', String(defaultUid), check(parseUserId))
  if (uid === undefined) return undefined
  const umask = await questions.select<string>('A umask for the running process?', [
    { value: '', label: 'none', hint: 'as it is' },
    ...(makesAccount
      ? [
          { value: '027', label: '027', hint: 'others may not read what it writes' },
          { value: '077', label: '077', hint: 'nobody else may' }
        ]
      : [{ value: '007', label: '007', hint: 'others may not read what it writes; the group may' }])
  ])
  if (umask === undefined) return undefined
  const companions = await questions.select('Change compose files and Kubernetes manifests with the Dockerfiles?', [
    { value: 'yes', label: 'yes', hint: 'ports, users, probes' },
    { value: 'harden', label: 'yes, and harden compose services', hint: 'cap_drop, no-new-privileges, read_only' },
    { value: 'no', label: 'no', hint: 'findings say what to change' }
  ])
  if (companions === undefined) return undefined
  const http = await questions.text(
    'A path that `unroot verify` asks the started image for, such as /health?',
    'none',
    (text) => (text === 'none' || /^\/\S*$/.test(text) ? undefined : 'It must begin with /, or be "none".')
  )
  if (http === undefined) return undefined
  return {
    strategy: strategy as ConfigAnswers['strategy'],
    user,
    uid: Number(uid),
    umask: umask === '' ? undefined : umask,
    companions: companions !== 'no',
    harden: companions === 'harden',
    http: http === 'none' ? undefined : http
  }
}

/** The words of the parser's error, if it has one. */
const check = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
