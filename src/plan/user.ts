/** Who the image should run as. */
import { type Dockerfile, positionOf } from '../dockerfile/dockerfile.ts'
import { isRedHat, isRootUser, type Principal, resolvePrincipal } from '../image/accounts.ts'
import type { Distribution } from '../image/base-image.ts'
import { readImage, type StageImage, stateBefore } from '../image/image.ts'
import type { ReportedUser, RewriteOptions } from '../types.ts'
import { readCopies } from './copies.ts'
import { isInside, isRootHome, isSystemDirectory } from './paths.ts'
import type { RunFacts } from './run-facts.ts'

/** How an account can be created in the image. */
export type Dialect = 'shadow' | 'busybox' | 'lines'

/** Whom the image is to run as. */
export interface PlannedUser {
  /** Undefined: only the name is known. */
  uid: number | undefined
  /** Undefined: not known. */
  gid: number | undefined
  /** Undefined: numbers only. */
  name: string | undefined
  /** Its home by `/etc/passwd`, which need not be there. */
  home: string | undefined
  /** The home directory, where it is there and belongs to the user. */
  ownHome: string | undefined
  /** Where it comes from. */
  source: ReportedUser['source']
  /**
   * Set when the account must be created; `group` is one that the image has already.
   *
   * @internal
   */
  create:
    | { dialect: Dialect; distribution: Distribution; installShadow: string | undefined; group: string | undefined }
    | undefined
  /** What stands behind `USER`, `--chown=` and `chown`: numbers where both are known. */
  text: string
  /**
   * With `--uid-from build-args`: the names of the `ARG`s in `text`, and which the stage lacks.
   *
   * @internal
   */
  buildArguments?: { uid: string; gid: string | undefined; missing: readonly string[] }
  /**
   * Strategy `arbitrary-user`: any uid may run the image, group 0 gives the rights. Its value is the account that the image
   * would have run as, which the file may name.
   *
   * @internal
   */
  replaces?: { name: string | undefined; uid: number | undefined; gid: number | undefined; hasHome: boolean }
}

const defaultId = 10001
/** Distroless's `nonroot`; used where an image can hold no account. source: GoogleContainerTools/distroless common/variables.bzl */
const noShellId = 65532

/**
 * Numbers and names that distributions give to accounts and groups of their own, in part not in every version: they cannot be
 * made once more, nor relied on. source: base-passwd group.master, alpine-baselayout group, Red Hat setup uidgid
 */
const highestSystemId = 100
const systemNames = new Set(
  (
    'adm audio backup bin cdrom cron dialout dip disk fax floppy ftp games guest halt input irc kmem kvm list lock lp mail ' +
    'man mem netdev news nogroup ntp operator ping plugdev proxy render sasl sgx shadow shutdown src sshd staff sudo sync sys ' +
    'tape tty users utempter utmp uucp video voice wheel'
  ).split(' ')
)

const isPosixShell = (shell: readonly string[] | undefined): boolean =>
  shell === undefined || /(^|\/)(ba|da|a|z|k)?sh$/.test(shell[0] ?? '')

/** The image has a shell in which `RUN` can add a step. */
export function canRun(image: StageImage): boolean {
  if (!isPosixShell(image.final.shell)) return false
  const { distribution, isInferred } = image.base
  if (distribution === 'none' || distribution === 'windows') {
    // A busybox that the Dockerfile brings itself shows in its own shell-form RUNs.
    return distribution === 'none' && hasShellRun(image)
  }
  return distribution !== undefined && !isInferred ? true : hasShellRun(image)
}

const hasShellRun = (image: StageImage): boolean =>
  image.lineage.some((stage) =>
    stage.instructions.some((instruction) => instruction.keyword === 'RUN' && instruction.json === undefined)
  )

const dialectOf = (distribution: Distribution | undefined): Dialect | undefined => {
  if (distribution === undefined || distribution === 'none' || distribution === 'windows') return undefined
  if (distribution === 'alpine' || distribution === 'wolfi' || distribution === 'busybox') return 'busybox'
  return distribution === 'ubi-micro' ? 'lines' : 'shadow'
}

/** Images without useradd, and the command that brings it. source: facts of each image's package set */
const shadowInstall: Partial<Record<Distribution, (image: StageImage) => string>> = {
  'ubi-minimal': () => 'microdnf install -y shadow-utils && microdnf clean all',
  amazonlinux: (image) => {
    // Amazon Linux 2 has yum alone, 2023 has it as a link to dnf: the file's own word is used, else the one that both know.
    const manager = image.lineage
      .flatMap((stage) => stage.instructions)
      .flatMap((instruction) =>
        instruction.keyword === 'RUN' ? (/\b(dnf|yum)\b/.exec(instruction.raw.logical)?.[1] ?? []) : []
      )[0]
    const name = manager ?? 'yum'
    return `${name} install -y shadow-utils && ${name} clean all`
  },
  photon: () => 'tdnf install -y shadow && tdnf clean all'
}

const text = (uid: number | undefined, gid: number | undefined, name: string | undefined): string =>
  uid !== undefined && gid !== undefined ? `${uid}:${gid}` : (name ?? String(uid))

/** A user without an account. */
const numeric = (uid: number, gid: number): PlannedUser => ({
  uid,
  gid,
  name: undefined,
  home: undefined,
  ownHome: undefined,
  source: 'numeric',
  create: undefined,
  text: `${uid}:${gid}`
})

/**
 * Picks the user: option, account to which the entrypoint steps down, account of the Dockerfile, account of the base
 * image, a new one.
 *
 * @param stepDown account name that a guarded entrypoint changes to
 * @param facts what the `RUN`s do to paths
 */
export function planUser(
  dockerfile: Dockerfile,
  image: StageImage,
  options: RewriteOptions,
  stepDown: string | undefined,
  facts: RunFacts
): PlannedUser {
  const { accounts } = image.final
  const { distribution } = image.base
  const isAsked = options.user !== undefined || options.uid !== undefined || options.gid !== undefined
  const named = (name: string, source: ReportedUser['source']): PlannedUser => {
    const { uid, gid, home, hasHome, name: account } = resolvePrincipal(name, accounts)
    const ownHome = hasHome ? home : undefined
    return { uid, gid, name: account, home, ownHome, source, create: undefined, text: text(uid, gid, name) }
  }

  if (!isAsked) {
    if (stepDown !== undefined) {
      const origin = accounts.users.get(stepDown)?.origin
      return named(stepDown, origin === 'dockerfile' ? 'dockerfile' : 'base-image')
    }
    const earlier = findEarlierUser(dockerfile, image)
    if (earlier !== undefined) return named(earlier, /^\d+/.test(earlier) ? 'numeric' : 'dockerfile')
    const own = [...accounts.users.values()].filter(
      (account) =>
        account.origin === 'dockerfile' &&
        account.uid !== 0 &&
        !/^(sshd?|ftp|git|nginx|mysql|www-data)$/.test(account.name)
    )
    const last = own.at(-1)
    if (last !== undefined) return named(last.name, 'dockerfile')
    const known = image.base.image === undefined ? findNamedOwner(dockerfile, image, facts) : undefined
    if (known !== undefined) return named(known, 'base-image')
    const owner = findOwner(image, facts) ?? findCopyOwner(dockerfile, image)
    if (owner !== undefined) {
      if (owner.isKnown && owner.name !== undefined)
        return named(owner.name, accounts.users.get(owner.name)?.origin === 'dockerfile' ? 'dockerfile' : 'base-image')
      // Whether an unknown base has that account already, nobody knows: numbers alone are right in both cases.
      if (owner.uid !== undefined && image.base.image === undefined) return numeric(owner.uid, owner.gid ?? owner.uid)
      if (owner.uid !== undefined)
        return planUser(
          dockerfile,
          image,
          { ...options, uid: owner.uid, gid: owner.gid || owner.uid },
          undefined,
          facts
        )
    }
    const base = image.base.image
    if (base?.user !== undefined && !isRootUser(base.user)) {
      const restored = named(base.user, 'base-image')
      return /^\d+(:\d+)?$/.test(base.user) && base.account?.uid === undefined
        ? { ...restored, text: base.user }
        : restored
    }
    if (base?.account !== undefined && base.reuseAccount !== false) {
      const { name, uid, gid, home } = base.account
      const ownHome = home === '/nonexistent' ? undefined : home
      return { uid, gid, name, home, ownHome, source: 'base-image', create: undefined, text: text(uid, gid, name) }
    }
  }

  // Made for a random uid of group 0 (OpenShift): the group is what gives the rights.
  if (!isAsked && givesRightsToRootGroup(image)) return memberOfRootGroup(defaultId)
  const dialect = canRun(image) && !isCrossBuilt(dockerfile, image) ? dialectOf(distribution) : undefined
  const takenIds = new Set([...accounts.users.values()].map((account) => account.uid))
  let uid = options.uid ?? (distribution === 'none' ? noShellId : defaultId)
  if (options.uid === undefined) while (takenIds.has(uid)) uid++
  // Without a gid of its own, an account belongs to the group of its name, where there is one (`www-data` of Alpine).
  const namesake = options.user === undefined ? undefined : accounts.groups.get(options.user)
  const gid = options.gid ?? namesake?.gid ?? uid
  if (options.user !== undefined && options.uid === undefined) {
    const existing = accounts.users.get(options.user)
    if (existing !== undefined && existing.uid !== 0)
      return named(options.user, existing.origin === 'dockerfile' ? 'dockerfile' : 'base-image')
  }
  const taken = [...accounts.users.values()].find((account) => account.uid === uid)
  if (taken !== undefined && taken.uid !== 0)
    return {
      uid,
      gid: options.gid ?? taken.gid ?? gid,
      name: taken.name,
      home: taken.home,
      ownHome: taken.hasHome ? taken.home : undefined,
      source: taken.origin === 'dockerfile' ? 'dockerfile' : 'base-image',
      create: undefined,
      text: `${uid}:${options.gid ?? taken.gid ?? gid}`
    }
  if (dialect === undefined) return numeric(uid, gid)
  let name = options.user ?? 'app'
  if (options.user === undefined)
    while (accounts.users.has(name) || accounts.groups.has(name)) name = name === 'app' ? 'appuser' : `${name}1`
  const group = accounts.gids.get(gid)
  const isForeign = (id: number) => id <= highestSystemId
  if (isForeign(uid) || (group === undefined && (isForeign(gid) || accounts.groups.has(name))) || systemNames.has(name))
    return numeric(uid, gid)
  const installs = shadowInstall[distribution as Distribution]
  const hasUseradd = image.lineage.some((stage) =>
    stage.instructions.some(
      (instruction) =>
        instruction.keyword === 'RUN' && /\bshadow(-utils)?\b|\buseradd\b|\bgroupadd\b/.test(instruction.raw.logical)
    )
  )
  return {
    uid,
    gid,
    name,
    home: `/home/${name}`,
    ownHome: `/home/${name}`,
    source: 'created',
    create: {
      dialect,
      distribution: distribution as Distribution,
      installShadow: hasUseradd ? undefined : installs?.(image),
      group
    },
    text: `${uid}:${gid}`
  }
}

/** What an earlier conversion of such a stage has added. */
const onlyGivesDirectories = /^mkdir -p [^&;|]+\s&& (?:chown|chmod) [\w:=]+ [^&;|]+$/

/**
 * A stage without any `RUN` in a file that compiles for other platforms: its author builds without emulation, and a
 * program that was compiled elsewhere needs no account.
 */
const isCrossBuilt = (dockerfile: Dockerfile, image: StageImage): boolean =>
  image.base.image !== undefined &&
  image.base.image.kind !== 'application' &&
  image.lineage.every(
    (stage) =>
      !stage.instructions.some(
        ({ keyword, argumentText }) =>
          keyword === 'WORKDIR' || (keyword === 'RUN' && !onlyGivesDirectories.test(argumentText))
      )
  ) &&
  (/BUILDPLATFORM|TARGETARCH|GOARCH=/.test(dockerfile.text) ||
    /^(?:arm|i386|ppc64le|s390x|riscv64|mips)/.test(image.base.reference.text))

/** A number without an account: the group is what gives the rights. */
const memberOfRootGroup = (uid: number): PlannedUser => ({
  uid,
  gid: 0,
  name: undefined,
  home: undefined,
  ownHome: undefined,
  source: 'numeric',
  create: undefined,
  text: `${uid}:0`
})

/**
 * The user of strategy `arbitrary-user`: the number of the account that the image would run as, in group 0 and without a
 * name. The account stays where the image has it, and none is made: a random uid has none either.
 *
 * @param hasOwnPlaces the program keeps its files in places of its own and looks for none in its home
 */
export function toAnyUser(
  user: PlannedUser,
  image: StageImage,
  options: RewriteOptions,
  hasOwnPlaces: boolean
): PlannedUser {
  const { environment } = image.final
  const { name, uid, gid, ownHome, create, source } = user
  const isReused = create === undefined && uid !== undefined
  const number = options.uid ?? uid ?? defaultId
  const given = environment.get('HOME')
  const account =
    ownHome !== undefined && isPlaceOfOne(ownHome) ? ownHome : `/home/${create === undefined ? 'app' : name}`
  const home =
    given?.startsWith('/') && !isRootHome(given) && given !== '/'
      ? given
      : isPreparedBase(image)
        ? undefined
        : hasOwnPlaces
          ? '/tmp'
          : canRun(image)
            ? account
            : undefined
  return {
    ...memberOfRootGroup(number),
    home,
    source: isReused && number === uid ? source : 'numeric',
    replaces: {
      name: create === undefined ? name : undefined,
      uid,
      gid,
      hasHome: home !== undefined && home === ownHome && create === undefined
    }
  }
}

/** The base image's own account is a member of group 0: its vendor has prepared it for any uid. */
export const isPreparedBase = ({ base }: StageImage): boolean => base.image?.account?.gid === 0

/** Names under which Dockerfiles take the numbers of their account. */
const uidNames = ['UID', 'USER_ID', 'USER_UID', 'APP_UID', 'PUID']
const gidNames = ['GID', 'GROUP_ID', 'USER_GID', 'APP_GID', 'PGID']

/**
 * The same user with its numbers from build arguments; itself where they are fixed: an account that is there already, or
 * another stage of this file below, in which an `ARG` of the shipped one has no value.
 */
export function fromBuildArguments(user: PlannedUser, image: StageImage): PlannedUser {
  const isMade =
    (user.create !== undefined && user.create.group === undefined) ||
    (user.replaces !== undefined && user.source === 'numeric')
  if (!isMade || image.lineage.length !== 1 || !canRun(image)) return user
  const { stage } = image
  // Only what stands above every step has its value in all of them.
  const firstStep = stage.instructions.findIndex(({ keyword }) => /^(?:RUN|COPY|ADD|WORKDIR|VOLUME)$/.test(keyword))
  const find = (names: readonly string[]) =>
    stage.instructions
      .slice(0, firstStep === -1 ? undefined : firstStep)
      .filter(({ keyword }) => keyword === 'ARG')
      .flatMap(({ properties }) => properties ?? [])
      .find(({ name, value }) => names.includes(name.text) && /^[1-9]\d*$/.test(value?.text ?? ''))
  const ownUid = find(uidNames)
  const ownGid = find(gidNames)
  const needsGid = user.replaces === undefined
  const uid = ownUid?.name.text ?? 'UID'
  const gid = needsGid ? (ownGid?.name.text ?? 'GID') : undefined
  const numbers = {
    uid: ownUid === undefined ? user.uid : Number(ownUid.value?.text),
    gid: needsGid && ownGid !== undefined ? Number(ownGid.value?.text) : user.gid
  }
  const { accounts, variables } = image.final
  const isNew = (name: string, own: unknown) => own !== undefined || !variables.has(name)
  // An account of that number cannot be made again, and an argument that the file has further down is not ours.
  if (ownUid !== undefined && numbers.uid !== undefined && accounts.uids.has(numbers.uid)) return user
  if (!isNew(uid, ownUid) || (gid !== undefined && !isNew(gid, ownGid))) return user
  return {
    ...user,
    ...numbers,
    text: `\${${uid}}:${gid === undefined ? '0' : `\${${gid}}`}`,
    buildArguments: {
      uid,
      gid,
      missing: [
        ...(ownUid === undefined ? [`UID=${numbers.uid}`] : []),
        ...(needsGid && ownGid === undefined ? [`GID=${numbers.gid}`] : [])
      ]
    }
  }
}

/** A home that the group may have: not one of the system's directories, nor what a web server delivers. */
const isPlaceOfOne = (home: string): boolean =>
  home !== '/' && !isSystemDirectory(home) && !/^\/var\/www(?:\/|$)/.test(home)

/** `chgrp -R 0` with `chmod g=u`. source: docs.openshift.com "Support arbitrary user ids" */
export const givesRightsToRootGroup = (image: StageImage): boolean => {
  const runs = image.lineage
    .flatMap((stage) => stage.instructions)
    .filter(({ keyword }) => keyword === 'RUN')
    .map(({ source }) => source)
    .join('\n')
  return (
    /\bchgrp\s+(?:-\w+\s+)*(?:0|root)\s|\bchown\s+(?:-\w+\s+)*\w+:(?:0|root)\s/.test(runs) &&
    /\bchmod\s+(?:-\w+\s+)*(?:ug?\+\S+,)?g(?:=u|\+r?w)/.test(runs)
  )
}

/** On an unknown base: the account that the Dockerfile itself gives files to, so the base must have it. */
function findNamedOwner(dockerfile: Dockerfile, image: StageImage, facts: RunFacts): string | undefined {
  const flags = readCopies(dockerfile, image.lineage).flatMap(
    ({ instruction }) => instruction.flag('chown')?.value ?? []
  )
  const owners = facts.all.flatMap(({ kind, value }) => (kind === 'own' ? [value] : []))
  const names = [...owners, ...flags]
    .map((owner) => owner.split(/[:.]/)[0] as string)
    .filter((name) => /^[a-z_][a-z0-9_-]*$/i.test(name) && name !== 'root')
  return new Set(names).size === 1 ? names[0] : undefined
}

/** Whom a `RUN chown -R` gives the working directory: somebody had a user in mind. */
function findOwner(image: StageImage, facts: RunFacts): Principal | undefined {
  const { workdir, accounts } = image.final
  if (workdir === '/') return undefined
  const last = [...facts.covering(workdir)]
    .filter((fact) => fact.kind === 'own' && fact.isRecursive)
    .sort((a, b) => a.instruction.index - b.instruction.index)
    .at(-1)
  if (last === undefined || /\$/.test(last.value)) return undefined
  const owner = resolvePrincipal(last.value.replace(/\.(?=[a-z])/, ':'), accounts)
  return owner.uid === 0 ? undefined : owner
}

/**
 * Whom the last `COPY --chown` gives the application: another user could not write its files. On an unknown base nobody
 * knows which directory that is.
 */
function findCopyOwner(dockerfile: Dockerfile, image: StageImage): Principal | undefined {
  const { workdir } = image.final
  const isUnknown = image.base.image === undefined
  const last = readCopies(dockerfile, image.lineage).findLast(
    ({ instruction, destination }) =>
      instruction.flag('chown') !== undefined && (isUnknown || (workdir !== '/' && isInside(destination, workdir)))
  )
  const value = last?.instruction.flag('chown')?.value
  if (last === undefined || value === undefined || /\$/.test(value)) return undefined
  const owner = resolvePrincipal(value, last.state.accounts)
  return owner.uid === undefined || owner.uid === 0 ? undefined : owner
}

/** The last `USER` of the image's own stages that is not root. */
function findEarlierUser(dockerfile: Dockerfile, image: StageImage): string | undefined {
  for (const stage of image.lineage.toReversed()) {
    const own = readImage(dockerfile, stage)
    for (const instruction of stage.instructions.toReversed()) {
      if (instruction.keyword !== 'USER') continue
      const after = own.states[positionOf(stage, instruction)]
      if (after?.user === undefined || after.unresolvedUser.length > 0 || after.user === '') continue
      if (isRootUser(after.user)) continue
      // An account that nobody creates here and no base is known to have would not start.
      const principal = resolvePrincipal(after.user, stateBefore(own, instruction).accounts)
      if (principal.isKnown || /^\d+/.test(after.user) || image.base.image === undefined) return after.user
      // A RUN behind it shows that the account is there: a package has brought it.
      const next = stage.instructions.slice(positionOf(stage, instruction) + 1)
      const end = next.findIndex(({ keyword }) => keyword === 'USER')
      if (next.slice(0, end === -1 ? undefined : end).some(({ keyword }) => keyword === 'RUN')) return after.user
    }
  }
  return undefined
}

/** Commands that create the account, one per line of the `RUN`. source: facts table "Accounts", shadow and busybox manuals */
export function accountCommands(user: PlannedUser): string[] {
  if (user.create === undefined) return []
  const { dialect, distribution, installShadow, group } = user.create
  const { name, buildArguments } = user
  const uid = buildArguments === undefined ? user.uid : `\${${buildArguments.uid}}`
  const gid = buildArguments?.gid === undefined ? user.gid : `\${${buildArguments.gid}}`
  // In single quotes the shell puts no value in.
  const quote = buildArguments === undefined ? "'" : '"'
  if (dialect === 'busybox')
    return [
      ...(group === undefined ? [`addgroup -g ${gid} -S ${name}`] : []),
      `adduser -u ${uid} -S -D -G ${group ?? name} -h /home/${name} -s /sbin/nologin ${name}`
    ]
  if (dialect === 'lines')
    return [
      ...(group === undefined ? [`echo ${quote}${name}:x:${gid}:${quote} >> /etc/group`] : []),
      `echo ${quote}${name}:x:${uid}:${gid}::/home/${name}:/sbin/nologin${quote} >> /etc/passwd`,
      `mkdir -p /home/${name}`,
      `chown ${uid}:${gid} /home/${name}`
    ]
  const shell = isRedHat(distribution) ? '/sbin/nologin' : '/usr/sbin/nologin'
  return [
    ...(installShadow === undefined ? [] : [installShadow]),
    ...(group === undefined ? [`groupadd --gid ${gid} ${name}`] : []),
    `useradd --uid ${uid} --gid ${group ?? name} --no-log-init --create-home --shell ${shell} ${name}`
  ]
}
