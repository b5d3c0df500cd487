/** Entrypoints that start as root and become another user for good: those that are there, and how one is made. */
import type { Dockerfile, Stage } from '../dockerfile/dockerfile.ts'
import type { Instruction } from '../dockerfile/instruction.ts'
import { resolvePrincipal } from '../image/accounts.ts'
import type { Distribution } from '../image/base-image.ts'
import { isRoot, type StageImage } from '../image/image.ts'
import { readShell, type ShellCommand } from '../shell/commands.ts'
import type { RewriteOptions } from '../types.ts'
import type { RawFinding } from './hazard.ts'
import { stepDownTools } from './hazards/drops-privileges.ts'
import { baseName, holdsData, isInside, isPublicDirectory } from './paths.ts'
import { type StartUp, unwrap } from './startup.ts'
import { canRun, type PlannedUser } from './user.ts'

/** A change of user that the image makes itself. */
export interface StepDown {
  /** `docker-entrypoint.sh runs setpriv ...`. */
  evidence: string
  /** Account, or `uid:gid`; undefined where the files do not tell. */
  user: string | undefined
  /**
   * The form of strategy `entrypoint`: behind a test for root, to numbers that variables of the image hold, and nothing
   * else is left to root. Such an image can be started as any user.
   */
  isAtRunTime: boolean
  at: Instruction | undefined
}

/** How strategy `entrypoint` is carried out in one image. */
export interface StepDownPlan {
  tool: StepDownTool
  /** Commands that bring the tool and what the script needs. */
  install: readonly string[]
  variables: StepDownVariables
  uid: number
  gid: number
  home: string
  /** What the script takes over. */
  paths: readonly string[]
  umask: string | undefined
  /** `merge`: a script of the build context gets the change of user; else a script is put in front. */
  script: { kind: 'merge' | 'file'; path: string } | { kind: 'inline' }
  /** Name of the script in /usr/local/bin. */
  name: string
}

export type StepDownTool = 'setpriv' | 'su-exec' | 'gosu'

export interface StepDownVariables {
  uid: string
  gid: string
  chown: string
}

/** What the entrypoint needs of root's rights. DAC_OVERRIDE: to look into directories that others have closed. */
export const stepDownCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'SETGID', 'SETUID'] as const

const defaultVariables = ['UID', 'GID', 'UNROOT_CHOWN'] as const

/** The names that are asked for; the rest as they are by default. */
function stepDownVariables({ entrypointVariables = [] }: RewriteOptions): StepDownVariables {
  const [uid, gid, chown] = defaultVariables.map((name, index) => entrypointVariables[index] ?? name)
  return { uid: uid as string, gid: gid as string, chown: chown as string }
}

// They run daemons, or programs with other capabilities.
const otherUses = new Set(['start-stop-daemon', 'capsh'])

/** Whom a tool becomes: the operand of `gosu`, the options of `setpriv`. */
function readTarget(tool: string, args: readonly string[]): string | undefined {
  const option = (...names: string[]) => {
    for (const [index, word] of args.entries()) {
      const [name = '', value] = word.split(/=(.*)/s)
      if (names.includes(name)) return value ?? args[index + 1]
    }
    return undefined
  }
  if (tool === 'setpriv') {
    const uid = option('--reuid', '--ruid', '--euid')
    const gid = option('--regid', '--rgid', '--egid')
    return uid === undefined ? undefined : gid === undefined ? uid : `${uid}:${gid}`
  }
  if (tool === 'runuser' || tool === 'chpst') return option('-u', '--user') ?? args.find((word) => /^[\w$]/.test(word))
  return args.find((word) => word !== '-' && !word.startsWith('-'))
}

/** Finds the change of user in what the image starts. */
export function findStepDown(image: StageImage, startUp: StartUp): StepDown | undefined {
  if (!isRoot(image.final)) return undefined
  return findInScript(image, startUp) ?? findInStart(startUp) ?? findInBase(image, startUp)
}

const tail = (words: readonly string[]) => words.join(' ').slice(0, 60)

/** A script that the image starts first. */
function findInScript(image: StageImage, startUp: StartUp): StepDown | undefined {
  const [script] = startUp.scripts
  const line = startUp.entrypoint ?? startUp.command
  if (script?.text === undefined || line === undefined) return undefined
  const words = line.form === 'exec' ? unwrap(line.words) : []
  const isFirst = baseName(words[0] ?? '') === baseName(script.path)
  const at = line.instruction
  const name = script.contextPath ?? baseName(script.path)
  for (const [index, command] of script.commands.entries()) {
    const isExec = command.name === 'exec'
    const setsWords = command.name === 'set' && command.args[0]?.value === '--'
    const all = isExec || setsWords ? command.args.slice(setsWords ? 1 : 0) : [command.nameWord, ...command.args]
    const values = all.flatMap((word) => word?.value ?? [])
    const tool = baseName(values[0] ?? '')
    if (!stepDownTools.has(tool) || otherUses.has(tool) || command.inFunction !== undefined) continue
    // Steps for another account in between (`su postgres -c createdb`) leave the script root's.
    const isLast = isExec || setsWords || /^\$[@*]$/.test(values.at(-1) ?? '') || index === script.commands.length - 1
    const target = readTarget(tool, values.slice(1))
    if (!isLast || command.guard === 'non-root' || /^(?:root|0)(?::|$)/.test(target ?? '')) continue
    const evidence = `${name} runs \`${tail(isExec ? ['exec', ...values] : values)}\``
    const ids = isExec && isFirst ? readIds(image, target) : undefined
    if (ids !== undefined && command.guard === 'root' && isOnlyStepDown(script.text, script.commands, index))
      return { evidence, user: ids, isAtRunTime: true, at }
    const user = target?.includes('$') === true ? undefined : target
    return { evidence, user, isAtRunTime: false, at }
  }
  return undefined
}

/** `$UID:$GID` of variables that the image gives a number. */
function readIds(image: StageImage, target: string | undefined): string | undefined {
  const match = /^\$\{?(\w+)\}?:\$\{?(\w+)\}?$/.exec(target ?? '')
  if (match === null) return undefined
  const [uid, gid] = [match[1], match[2]].map((name) => image.final.environment.get(name as string))
  return /^[1-9]\d*$/.test(uid ?? '') && /^\d+$/.test(gid ?? '') ? `${uid}:${gid}` : undefined
}

/** Nothing in front of the change of user needs root or can lead past it. */
function isOnlyStepDown(text: string, commands: readonly ShellCommand[], index: number): boolean {
  const isTested = /^if \[ "\$\(id -u\)" (?:=|-eq) "?0"? \]; then\b/m.test(text)
  const before = commands.slice(0, index).filter(({ guard }) => guard !== 'root')
  return isTested && before.every(({ name }) => /^(?:|set|umask|export|:|\[|test|id)$/.test(name))
}

/** `ENTRYPOINT ["gosu", "app", "program"]`, `CMD su-exec app program`. */
function findInStart({ programs, entrypoint, command }: StartUp): StepDown | undefined {
  // `["sh", "-c", "umask 027 && exec \"$0\" \"$@\"", "gosu", ...]`
  const handed = [entrypoint, command].flatMap((line) => {
    const [shell = '', flag, text = '', word, ...args] = line?.words ?? []
    if (word === undefined || !/(?:^|\/)sh$/.test(shell) || flag !== '-c' || !/exec "\$0" "\$@"$/.test(text)) return []
    const place = line === entrypoint ? 'ENTRYPOINT' : 'CMD'
    return [{ name: baseName(word), args, place, guard: 'none' as const, instruction: line?.instruction }]
  })
  for (const { name, args, place, guard, instruction } of [...programs, ...handed]) {
    if (!stepDownTools.has(name) || otherUses.has(name) || guard === 'non-root') continue
    if (place !== 'ENTRYPOINT' && place !== 'CMD') continue
    const target = readTarget(name, args)
    if (target === undefined || /^(?:root|0)(?::|$)/.test(target)) continue
    const user = target.includes('$') ? undefined : target
    return { evidence: `${place} runs \`${tail([name, ...args])}\``, user, isAtRunTime: false, at: instruction }
  }
  return undefined
}

/** What is known of the base image's own entrypoint. */
function findInBase(image: StageImage, startUp: StartUp): StepDown | undefined {
  const base = image.base.image
  const own = base?.entrypoint?.[0]
  const isUsed =
    startUp.entrypoint?.instruction === undefined ||
    (own !== undefined && startUp.programs.some((program) => program.name === baseName(own)))
  if (base === undefined || !isUsed) return undefined
  const account = base.account?.name
  const found = (evidence: string): StepDown => ({
    evidence: `${image.base.reference.text}: ${evidence}`,
    user: account,
    isAtRunTime: false,
    at: undefined
  })
  if (base.stepsDown !== undefined) return found(base.stepsDown.evidence)
  // source: docs.linuxserver.io/general/understanding-puid-and-pgid
  if (base.needsRoot !== undefined && /\bs6\b|PUID/.test(base.needsRoot) && account !== undefined)
    return found(base.needsRoot)
  return undefined
}

interface Provider {
  tool: StepDownTool
  install: (image: StageImage) => readonly string[]
}

const none = () => []
const manager = (image: StageImage): string => {
  const runs = image.lineage.flatMap((stage) => stage.instructions).filter(({ keyword }) => keyword === 'RUN')
  return runs.flatMap(({ raw }) => /\b(dnf|yum)\b/.exec(raw.logical)?.[1] ?? [])[0] ?? 'yum'
}
const packages = 'util-linux findutils'

/**
 * What each family has, and what brings the rest. Debian, Ubuntu: util-linux and findutils are essential packages; UBI
 * and its kin have both. Fedora, ubi-minimal and Amazon Linux 2023 have no `find`.
 *
 * source: packages.debian.org, amazonlinux/amazon-linux-2023#355, fedora-cloud/Fedora-Dockerfiles#152,
 * jfrog/charts#1548; busybox util-linux/setpriv.c knows no --reuid
 */
const providers: Partial<Record<Distribution, readonly Provider[]>> = {
  debian: [
    { tool: 'setpriv', install: none },
    { tool: 'gosu', install: () => aptGet('gosu') }
  ],
  ubuntu: [
    { tool: 'setpriv', install: none },
    { tool: 'gosu', install: () => aptGet('gosu') }
  ],
  rhel: [{ tool: 'setpriv', install: none }],
  fedora: [{ tool: 'setpriv', install: () => [`dnf install -y ${packages}`, 'dnf clean all'] }],
  'ubi-minimal': [{ tool: 'setpriv', install: () => [`microdnf install -y ${packages}`, 'microdnf clean all'] }],
  amazonlinux: [
    {
      tool: 'setpriv',
      install: (image) => [`${manager(image)} install -y ${packages}`, `${manager(image)} clean all`]
    }
  ],
  photon: [{ tool: 'setpriv', install: () => [`tdnf install -y ${packages}`, 'tdnf clean all'] }],
  suse: [{ tool: 'setpriv', install: () => [`zypper --non-interactive install ${packages}`, 'zypper clean --all'] }],
  arch: [{ tool: 'setpriv', install: none }],
  alpine: [
    { tool: 'su-exec', install: () => ['apk add --no-cache su-exec'] },
    // Its package shadows busybox's program of that name.
    { tool: 'setpriv', install: () => ['apk add --no-cache setpriv'] }
  ],
  wolfi: [{ tool: 'su-exec', install: () => ['apk add --no-cache su-exec'] }]
}

const aptGet = (name: string) => [
  'apt-get update',
  `apt-get install -y --no-install-recommends ${name}`,
  'rm -rf /var/lib/apt/lists/*'
]

// source: packages.debian.org: setpriv is a package of its own before buster, and missing in xenial
const withoutSetpriv = /jessie|stretch|wheezy|trusty|xenial/
const withoutSetprivByNumber = /^(?:debian:[789]|ubuntu:1[0-6])\b/

type Choice = { tool: StepDownTool; install: readonly string[] } | { problem: string; help: string }

function chooseTool(image: StageImage, asked: StepDownTool | undefined): Choice {
  const { distribution } = image.base
  const known = distribution === undefined ? undefined : providers[distribution]
  const runs = image.lineage.flatMap((stage) => stage.instructions).filter(({ keyword }) => keyword === 'RUN')
  const isInstalled = (tool: StepDownTool) =>
    runs.some(({ raw }) => new RegExp(String.raw`\b(?:add|install)\b[^&;|]*\s${tool}(?=[\s=]|$)`).test(raw.logical))
  const tools: readonly StepDownTool[] = ['setpriv', 'su-exec', 'gosu']
  const installed = tools.find((tool) => isInstalled(tool) && (asked === undefined || asked === tool))
  if (installed !== undefined) return { tool: installed, install: [] }
  if (known === undefined) {
    // Whoever names the tool of an unknown image knows that it is there.
    if (asked !== undefined && distribution === undefined) return { tool: asked, install: [] }
    if (distribution !== undefined)
      return {
        problem: `${image.base.reference.text} has neither su-exec nor gosu nor a setpriv that changes ids, and no package manager`,
        help: 'Use a base image with one of them (Alpine, Debian), or strategy `user`.'
      }
    return {
      problem: `which of setpriv, su-exec and gosu ${image.base.reference.text} has or can get is not known`,
      help: 'Install one in the Dockerfile, or say which one is there: --step-down setpriv.'
    }
  }
  const { name, tag = '' } = image.base.reference
  const isOld =
    /^(?:debian|ubuntu)$/.test(distribution ?? '') &&
    (withoutSetpriv.test(tag) || withoutSetprivByNumber.test(`${name}:${tag}`))
  const found = known.find(({ tool }) => (asked ?? (isOld ? 'gosu' : tool)) === tool)
  if (found === undefined || (isOld && found.tool === 'setpriv'))
    return {
      problem: `${image.base.reference.text} has no ${asked ?? 'setpriv'}, and no package that is known to bring it`,
      help: `Use --step-down ${(known[0] as Provider).tool}, or install ${asked ?? 'it'} in the Dockerfile.`
    }
  return { tool: found.tool, install: found.install(image) }
}

export interface StepDownQuestion {
  dockerfile: Dockerfile
  stage: Stage
  image: StageImage
  startUp: StartUp
  user: PlannedUser
  /** What the process writes. */
  paths: readonly string[]
  /** Where the user's own files are. */
  applicationDirectories: readonly string[]
  options: RewriteOptions
}

/** Plans strategy `entrypoint`, or says why it is impossible. */
export function planStepDown(question: StepDownQuestion): { plan: StepDownPlan } | { problem: RawFinding } {
  const { dockerfile, image, startUp, user, options } = question
  const refuse = (message: string, help: string) => ({
    problem: { rule: 'no-step-down', severity: 'error' as const, message, help }
  })
  const { text } = image.base.reference
  if (!canRun(image))
    return refuse(
      image.base.distribution === 'none'
        ? `${text} has no shell: an entrypoint script cannot run in it`
        : `no shell is known in ${text}: neither the base image nor a RUN of the file shows one`,
      'Use strategy `user`; for mounted data start the container with the right ids: docker run --user UID:GID.'
    )
  const { uid, gid } = user
  if (uid === undefined || gid === undefined)
    return refuse(
      `the account ${user.name ?? user.text} has no number that the files tell, and the entrypoint needs uid and gid`,
      'Give the account fixed ids (useradd --uid 10001), or choose --uid and --gid.'
    )
  const { entrypoint, command } = startUp
  if (image.base.image === undefined && entrypoint?.instruction === undefined)
    return refuse(
      `${text} is not known: an ENTRYPOINT of its own would be lost behind the script`,
      'Write ENTRYPOINT (and CMD) into the Dockerfile, then convert again.'
    )
  if ((entrypoint?.words.length ?? 0) + (command?.words.length ?? 0) === 0)
    return refuse('neither ENTRYPOINT nor CMD says what to start', 'Write one of them, then convert again.')
  const choice = chooseTool(image, options.stepDown)
  if ('problem' in choice) return refuse(choice.problem, choice.help)
  const variables = stepDownVariables(options)
  for (const [name, value] of [
    [variables.uid, uid],
    [variables.gid, gid]
  ] as const) {
    const known = image.final.environment.get(name)
    if (known !== undefined && known !== String(value))
      return refuse(
        `ENV ${name} is ${known} already, and the image would run as ${uid}:${gid}`,
        `Choose other names: --entrypoint-variables APP_UID,APP_GID; or the ids: --uid ${known}.`
      )
  }
  const script = chooseScript(question)
  if (script === undefined)
    return refuse(
      'the Dockerfile has CRLF line ends, and a script in it (COPY <<EOF) would get them too',
      'Give the Dockerfile LF line ends, or let unroot write the script beside it.'
    )
  const mounted = (options.mounts ?? []).flatMap(({ path, kind }) =>
    kind !== 'read-only' && holdsData(path) ? [path] : []
  )
  const home = user.home === undefined || user.home === '/nonexistent' ? '/tmp' : user.home
  const own = user.source === 'created' || user.ownHome?.startsWith('/home/') === true ? [user.ownHome ?? home] : []
  return {
    plan: {
      ...choice,
      variables,
      uid,
      gid,
      home,
      paths: outermost([...question.paths, ...mounted, ...own]),
      umask: options.umask,
      script,
      name: chooseName(dockerfile, image, options)
    }
  }
}

/** `find` looks below a directory by itself. */
const outermost = (paths: readonly string[]): string[] =>
  [...new Set(paths)].filter(
    (path) =>
      path !== '/' &&
      !/^\/(?:run|var\/run|var|home|opt|srv)$/.test(path) &&
      (!isPublicDirectory(path) || /^\/(?:var\/)?tmp\/./.test(path)) &&
      !paths.some((other) => other !== path && other !== '/' && isInside(path, other))
  )

function chooseScript(question: StepDownQuestion): StepDownPlan['script'] | undefined {
  const { dockerfile, stage, startUp, options } = question
  const { readContext, companions, entrypointInline, isIgnored, dockerfileFolder } = options
  const hasFiles = readContext !== undefined && companions !== false
  const line = startUp.entrypoint
  const [script] = startUp.scripts
  const isOwn = line?.instruction !== undefined && stage.instructions.includes(line.instruction)
  if (hasFiles && isOwn && line.form === 'exec' && script?.contextPath !== undefined && script.text !== undefined) {
    // Behind tini it comes too late: tini would stay root.
    const isFirst = baseName(line.words[0] ?? '') === baseName(script.path)
    // What root runs must not be the user's to change: he could leave himself something for the next start.
    const isTheirs = [...question.paths, ...question.applicationDirectories].some((path) => isInside(script.path, path))
    if (isFirst && !isTheirs && isMergeable(script.text)) return { kind: 'merge', path: script.contextPath }
  }
  const folder = dockerfileFolder ?? ''
  const path = `${folder === '' ? '' : `${folder}/`}${chooseName(dockerfile, question.image, options)}`
  if (hasFiles && entrypointInline !== true && isIgnored?.(path) !== true) return { kind: 'file', path }
  return dockerfile.eol === '\r\n' ? undefined : { kind: 'inline' }
}

/** A script that the kernel runs by its first line, and in which a line can be added. */
const isMergeable = (text: string): boolean =>
  /^#!\s*(?:\/usr)?\/bin\/(?:env\s+)?(?:ba|da|a)?sh\b/.test(text) && !text.includes('\r') && !readShell(text).hasErrors

/** A name that nothing in the image or beside the Dockerfile has. */
function chooseName(dockerfile: Dockerfile, image: StageImage, options: RewriteOptions): string {
  const folder = options.dockerfileFolder ? `${options.dockerfileFolder}/` : ''
  const isTaken = (name: string) =>
    dockerfile.text.includes(name) ||
    (image.base.image?.entrypoint ?? []).some((word) => baseName(word) === name) ||
    options.readContext?.(folder + name) !== undefined ||
    options.readBeside?.(folder + name) !== undefined
  let name = 'docker-entrypoint.sh'
  // A caller may answer every name.
  for (let number = 1; number < 20 && isTaken(name); number++)
    name = `user-entrypoint${number === 1 ? '' : `-${number}`}.sh`
  return name
}

/** Who a recognised entrypoint becomes. */
export function stepDownUser({ user }: StepDown, image: StageImage): PlannedUser {
  const { uid, gid, name, home, hasHome, isKnown } = resolvePrincipal(user ?? '', image.final.accounts)
  const origin = image.final.accounts.users.get(name ?? '')?.origin
  return {
    uid,
    gid,
    name: name ?? (user === undefined || /^\d/.test(user) ? undefined : user),
    home,
    ownHome: hasHome ? home : undefined,
    source: origin === 'dockerfile' ? 'dockerfile' : origin === undefined ? 'numeric' : 'base-image',
    create: undefined,
    text: isKnown && uid !== undefined && gid !== undefined ? `${uid}:${gid}` : (user ?? '')
  }
}
