import type { ShellCommand, ShellWord } from '../shell/commands.ts'
import type { BaseAccount, Distribution } from './base-image.ts'
import { HistoryMap } from './history-map.ts'

export interface Account {
  name: string
  /** Undefined when it can't be told from the file. */
  uid: number | undefined
  /** Gid of the primary group. */
  gid: number | undefined
  group: string | undefined
  home: string | undefined
  /** The home directory is there and belongs to the account. */
  hasHome: boolean
  origin: 'base-image' | 'dockerfile' | 'distribution'
}

export interface Group {
  name: string
  gid: number | undefined
}

/** What `/etc/passwd` and `/etc/group` hold, as far as it is known. */
export interface Accounts {
  users: HistoryMap<string, Account>
  groups: HistoryMap<string, Group>
  /** Names by number, for the look-up of uids and gids. */
  uids: HistoryMap<number, string>
  gids: HistoryMap<number, string>
  /** Highest number of a regular account (1000 to 59999); 999 when there is none. */
  highestUid: number
  highestGid: number
}

export const noAccounts: Accounts = {
  users: HistoryMap.of(),
  groups: HistoryMap.of(),
  uids: HistoryMap.of(),
  gids: HistoryMap.of(),
  highestUid: 999,
  highestGid: 999
}

const higher = (highest: number, id: number | undefined): number =>
  id !== undefined && id >= 1000 && id < 60000 && id > highest ? id : highest

const withUser = (accounts: Accounts, user: Account): Accounts => ({
  ...accounts,
  users: accounts.users.with(user.name, user),
  uids: user.uid === undefined || accounts.uids.has(user.uid) ? accounts.uids : accounts.uids.with(user.uid, user.name),
  highestUid: higher(accounts.highestUid, user.uid)
})

const withGroup = (accounts: Accounts, group: Group): Accounts => ({
  ...accounts,
  groups: accounts.groups.with(group.name, group),
  gids:
    group.gid === undefined || accounts.gids.has(group.gid) ? accounts.gids : accounts.gids.with(group.gid, group.name),
  highestGid: higher(accounts.highestGid, group.gid)
})

const withoutUser = (accounts: Accounts, user: Account): Accounts => ({
  ...accounts,
  users: accounts.users.with(user.name, undefined),
  uids:
    user.uid !== undefined && accounts.uids.get(user.uid) === user.name
      ? accounts.uids.with(user.uid, undefined)
      : accounts.uids
})

/** Accounts that every image of a family has and that people name in `USER` and `--chown`. */
const wellKnown = (distribution: Distribution | undefined): readonly [string, number, number, string, string?][] => {
  switch (distribution) {
    case 'debian':
    case 'ubuntu':
      // source: base-passwd passwd.master, group.master
      return [
        ['daemon', 1, 1, 'daemon'],
        ['mail', 8, 8, 'mail', '/var/mail'],
        ['www-data', 33, 33, 'www-data', '/var/www'],
        ['nobody', 65534, 65534, 'nogroup', '/nonexistent']
      ]
    case 'alpine':
    case 'wolfi':
      // source: alpine/aports main/alpine-baselayout passwd, group
      return [
        ['daemon', 2, 2, 'daemon'],
        ['nobody', 65534, 65534, 'nobody', '/']
      ]
    case 'busybox':
      return [
        ['daemon', 1, 1, 'daemon'],
        ['www-data', 33, 33, 'www-data', '/var/www'],
        ['nobody', 65534, 65534, 'nobody', '/home']
      ]
    case undefined:
      return []
    case 'none':
    case 'windows':
      return []
    default:
      // source: Red Hat setup package, uidgid
      return [
        ['daemon', 2, 2, 'daemon'],
        ['nobody', 65534, 65534, 'nobody', '/']
      ]
  }
}

/** Accounts of a base image before the Dockerfile adds any. */
export function baseAccounts(distribution: Distribution | undefined, account: BaseAccount | undefined): Accounts {
  let accounts = noAccounts
  const root = { name: 'root', uid: 0, gid: 0, group: 'root', home: '/root', hasHome: true }
  accounts = withGroup(withUser(accounts, { ...root, origin: 'distribution' }), { name: 'root', gid: 0 })
  for (const [name, uid, gid, group, home] of wellKnown(distribution)) {
    accounts = withUser(accounts, { name, uid, gid, group, home, hasHome: false, origin: 'distribution' })
    accounts = withGroup(accounts, { name: group, gid })
  }
  if (distribution === 'alpine')
    accounts = withGroup(withGroup(accounts, { name: 'www-data', gid: 82 }), { name: 'users', gid: 100 })
  if (account?.name === undefined) return accounts
  const group = account.group ?? account.name
  const { name, uid, gid, home } = account
  const hasHome = home !== undefined && home !== '/nonexistent'
  accounts = withUser(accounts, { name, uid, gid, group, home, hasHome, origin: 'base-image' })
  return withGroup(accounts, { name: group, gid })
}

const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text)

interface ParsedOptions {
  values: Map<string, string>
  positional: ShellWord[]
}

/** Reads options of account tools. `withValue` names those that take one; `aliases` maps short to long names. */
const readOptions = (args: readonly ShellWord[], withValue: ReadonlySet<string>): ParsedOptions => {
  const values = new Map<string, string>()
  const positional: ShellWord[] = []
  for (let index = 0; index < args.length; index++) {
    const { value } = args[index] as ShellWord
    if (value.startsWith('--')) {
      const equals = value.indexOf('=')
      const name = equals === -1 ? value : value.slice(0, equals)
      if (equals !== -1) values.set(name, value.slice(equals + 1))
      else if (withValue.has(name)) values.set(name, args[++index]?.value ?? '')
      else values.set(name, '')
    } else if (/^-[a-zA-Z]/.test(value)) {
      for (let at = 1; at < value.length; at++) {
        const name = `-${value[at]}`
        if (!withValue.has(name)) {
          values.set(name, '')
          continue
        }
        const rest = value.slice(at + 1)
        values.set(name, rest === '' ? (args[++index]?.value ?? '') : rest)
        break
      }
    } else positional.push(args[index] as ShellWord)
  }
  return { values, positional }
}

// source: shadow useradd(8), groupadd(8); busybox loginutils/adduser.c, addgroup.c; Debian adduser(8)
const useraddValues = new Set(
  '-b --base-dir -c --comment -d --home-dir --home -e --expiredate -f --inactive -g --gid -G --groups -k --skel -K --key -p --password -R --root -P --prefix -s --shell -u --uid -Z --selinux-user'.split(
    ' '
  )
)
const busyboxAdduserValues = new Set([
  '-h',
  '-g',
  '-s',
  '-G',
  '-u',
  '-k',
  '--home',
  '--gecos',
  '--shell',
  '--ingroup',
  '--uid',
  '--skel'
])
const debianAdduserValues = new Set(
  '--home --shell --firstuid --lastuid --ingroup --gecos --comment --uid --gid --add_extra_groups -s -u -g -h -G -c -d'.split(
    ' '
  )
)
const groupValues = new Set(['-g', '--gid', '-K', '--key', '-p', '--password', '-R', '--root', '-P', '--prefix'])

const first = (values: Map<string, string>, ...names: string[]): string | undefined => {
  for (const name of names) if (values.has(name)) return values.get(name)
  return undefined
}

/** shadow takes one above the highest regular id in use. source: shadow libmisc/find_new_uid.c */
const nextRegularId = (highest: number): number => highest + 1

const freeId = (taken: HistoryMap<number, string>, from: number): number => {
  let id = from
  while (taken.has(id)) id++
  return id
}

export type Substitute = (text: string) => string | undefined

/**
 * The accounts after one command (`useradd`, `adduser`, `groupadd`, `addgroup`, `usermod`, `groupmod`, `userdel`,
 * `deluser`, `echo ... >> /etc/passwd`). Returns the same object when the command changes none.
 */
export function applyAccountCommand(
  accounts: Accounts,
  command: ShellCommand,
  distribution: Distribution | undefined,
  substitute: Substitute
): Accounts {
  const tool = command.name.slice(command.name.lastIndexOf('/') + 1)
  switch (tool) {
    case 'useradd':
      return addUser(
        accounts,
        readOptions(expandWords(command.args, substitute), useraddValues),
        'shadow',
        distribution
      )
    case 'adduser': {
      const args = expandWords(command.args, substitute)
      // On RHEL and its kin adduser is a link to useradd.
      if (isRedHat(distribution)) return addUser(accounts, readOptions(args, useraddValues), 'shadow', distribution)
      const isBusybox = usesBusyboxTools(distribution, args)
      return addUser(
        accounts,
        readOptions(args, isBusybox ? busyboxAdduserValues : debianAdduserValues),
        isBusybox ? 'busybox' : 'debian',
        distribution
      )
    }
    case 'groupadd':
    case 'addgroup':
      return addGroup(accounts, readOptions(expandWords(command.args, substitute), groupValues))
    case 'usermod':
    case 'groupmod':
      return modify(
        accounts,
        tool,
        readOptions(
          expandWords(command.args, substitute),
          new Set([...useraddValues, '-l', '--login', '-n', '--new-name'])
        )
      )
    case 'userdel':
    case 'deluser': {
      const name = readOptions(expandWords(command.args, substitute), new Set()).positional[0]?.value
      const user = name === undefined ? undefined : accounts.users.get(name)
      return user === undefined ? accounts : withoutUser(accounts, user)
    }
    case 'echo':
    case 'printf':
      return addWrittenLines(accounts, command, substitute)
    default:
      return accounts
  }
}

/** Whether a command can change accounts: lets callers skip the rest. */
export const mentionsAccounts = (text: string): boolean => /user|group|passwd/.test(text)

export const isRedHat = (distribution: Distribution | undefined): boolean =>
  distribution === 'rhel' ||
  distribution === 'fedora' ||
  distribution === 'ubi-minimal' ||
  distribution === 'ubi-micro' ||
  distribution === 'amazonlinux'

const usesBusyboxTools = (distribution: Distribution | undefined, args: readonly ShellWord[]): boolean => {
  if (distribution === 'alpine' || distribution === 'busybox' || distribution === 'wolfi') return true
  if (distribution !== undefined) return false
  return args.some(({ value }) => /^-[A-Za-z]*[DSHhG]/.test(value) && !value.startsWith('--'))
}

const expandWords = (args: readonly ShellWord[], substitute: Substitute): ShellWord[] =>
  args.map((word) => {
    if (word.isStatic) return word
    const value = substitute(word.value)
    return value === undefined ? word : { ...word, value, isStatic: true }
  })

function addUser(
  accounts: Accounts,
  options: ParsedOptions,
  dialect: 'shadow' | 'busybox' | 'debian',
  distribution: Distribution | undefined
): Accounts {
  const { values, positional } = options
  const name = positional[0]?.value
  if (name === undefined || !/^[a-zA-Z_][\w.-]*\$?$/.test(name)) return accounts
  if (positional.length > 1 && accounts.users.has(name)) return accounts // `adduser user group`
  const isSystem =
    dialect === 'shadow' ? values.has('-r') || values.has('--system') : values.has('-S') || values.has('--system')
  const uidText = first(values, '-u', '--uid')
  const groupText =
    dialect === 'busybox'
      ? first(values, '-G', '--ingroup')
      : dialect === 'debian'
        ? first(values, '--ingroup', '--gid', '-g')
        : first(values, '-g', '--gid')
  const uid = isNumber(uidText)
    ? Number(uidText)
    : uidText !== undefined || isSystem
      ? undefined
      : dialect === 'shadow' || dialect === 'debian'
        ? nextRegularId(accounts.highestUid)
        : freeId(accounts.uids, 1000)
  let group = groupText
  let gid: number | undefined
  let changed = accounts
  const { groups } = accounts
  if (isNumber(groupText)) {
    gid = Number(groupText)
    group = accounts.gids.get(gid)
  } else if (groupText !== undefined) gid = groups.get(groupText)?.gid
  else if (dialect === 'debian' && isSystem && !values.has('--group')) [group, gid] = ['nogroup', 65534]
  else if (dialect === 'busybox' && isSystem) [group, gid] = ['nogroup', 65533]
  else if (values.has('-N') || values.has('--no-user-group')) [group, gid] = ['users', 100]
  else if (groups.has(name)) [group, gid] = [name, groups.get(name)?.gid]
  else {
    // A group of the user's own: shadow and adduser try the uid's number first.
    const isFree = uid !== undefined && !accounts.gids.has(uid)
    group = name
    gid = isFree ? uid : undefined
    changed = withGroup(changed, { name, gid })
  }
  const home = first(values, '-d', '--home-dir', '--home', ...(dialect === 'shadow' ? [] : ['-h']))
  // source: useradd(8): a home is made with -m, or by default where login.defs says CREATE_HOME yes (Red Hat), not with -r;
  // busybox and Debian adduser make one unless told not to
  const hasHome =
    dialect === 'shadow'
      ? values.has('-m') ||
        values.has('--create-home') ||
        (isRedHat(distribution) && !isSystem && !values.has('-M') && !values.has('--no-create-home'))
      : !values.has('-H') &&
        !values.has('--no-create-home') &&
        !(dialect === 'debian' && isSystem && home === undefined)
  return withUser(changed, { name, uid, gid, group, home: home ?? `/home/${name}`, hasHome, origin: 'dockerfile' })
}

function addGroup(accounts: Accounts, { values, positional }: ParsedOptions): Accounts {
  // Two words: `addgroup user group` puts a user into a group.
  const name = positional[0]?.value
  if (name === undefined || positional.length > 1 || !/^[a-zA-Z_][\w.-]*$/.test(name)) return accounts
  const gidText = first(values, '-g', '--gid')
  const isSystem = values.has('-r') || values.has('-S') || values.has('--system')
  const gid = isNumber(gidText)
    ? Number(gidText)
    : gidText !== undefined || isSystem
      ? undefined
      : nextRegularId(accounts.highestGid)
  return withGroup(accounts, { name, gid })
}

function modify(accounts: Accounts, tool: 'usermod' | 'groupmod', { values, positional }: ParsedOptions): Accounts {
  const name = positional[0]?.value
  if (name === undefined) return accounts
  if (tool === 'groupmod') {
    const group = accounts.groups.get(name)
    if (group === undefined) return accounts
    const gid = first(values, '-g', '--gid')
    const renamed = first(values, '-n', '--new-name')
    const changed: Group = {
      name: renamed ?? name,
      gid: gid === undefined ? group.gid : isNumber(gid) ? Number(gid) : undefined
    }
    let result = withGroup({ ...accounts, groups: accounts.groups.with(name, undefined) }, changed)
    for (const user of accounts.users.values())
      if (user.group === name) result = withUser(result, { ...user, group: changed.name, gid: changed.gid })
    return result
  }
  const user = accounts.users.get(name)
  if (user === undefined) return accounts
  const uid = first(values, '-u', '--uid')
  const gid = first(values, '-g', '--gid')
  const renamed = first(values, '-l', '--login')
  return withUser(withoutUser(accounts, user), {
    ...user,
    name: renamed ?? name,
    uid: uid === undefined ? user.uid : isNumber(uid) ? Number(uid) : undefined,
    gid: gid === undefined ? user.gid : isNumber(gid) ? Number(gid) : accounts.groups.get(gid)?.gid,
    home: first(values, '-d', '--home') ?? user.home
  })
}

/** `echo 'app:x:1000:1000::/home/app:/bin/sh' >> /etc/passwd`, and the same for `/etc/group`. */
function addWrittenLines(accounts: Accounts, command: ShellCommand, substitute: Substitute): Accounts {
  const target = command.redirects.find(({ target }) => /\/etc\/(passwd|group)$/.test(target.value))?.target.value
  if (target === undefined) return accounts
  let changed = accounts
  for (const word of expandWords(command.args, substitute))
    for (const line of word.value.split(/\\n|\n/)) {
      const fields = line.split(':')
      const name = fields[0] ?? ''
      if (!/^[a-z_][\w.-]*$/i.test(name)) continue
      if (target.endsWith('passwd') && fields.length >= 6)
        changed = withUser(changed, {
          name,
          uid: isNumber(fields[2]) ? Number(fields[2]) : undefined,
          gid: isNumber(fields[3]) ? Number(fields[3]) : undefined,
          group: undefined,
          home: fields[5] === '' ? undefined : fields[5],
          hasHome: false,
          origin: 'dockerfile'
        })
      else if (target.endsWith('group') && fields.length >= 3)
        changed = withGroup(changed, { name, gid: isNumber(fields[2]) ? Number(fields[2]) : undefined })
    }
  return changed
}

/** Who `USER`, `--chown` or `chown` mean. */
export interface Principal {
  uid: number | undefined
  gid: number | undefined
  /** As written; undefined when it was a number. */
  name: string | undefined
  home: string | undefined
  hasHome: boolean
  /** The account was found by name or number. */
  isKnown: boolean
}

/** Resolves `user`, `uid`, `user:group` and the like against the accounts; the gid of a bare unknown uid is 0. */
export function resolvePrincipal(text: string, accounts: Accounts): Principal {
  const [userText = '', groupText] = text.split(':')
  const account = /^\d+$/.test(userText)
    ? accounts.users.get(accounts.uids.get(Number(userText)) ?? '')
    : accounts.users.get(userText)
  const uid = /^\d+$/.test(userText) ? Number(userText) : account?.uid
  const gid =
    groupText === undefined || groupText === ''
      ? account !== undefined
        ? account.gid
        : uid === undefined
          ? undefined
          : 0
      : /^\d+$/.test(groupText)
        ? Number(groupText)
        : accounts.groups.get(groupText)?.gid
  return {
    uid,
    gid,
    name: /^\d+$/.test(userText) ? account?.name : userText,
    home: account?.home,
    hasHome: account?.hasHome ?? false,
    isKnown: account !== undefined
  }
}

/** True for root in any spelling: `root`, `0`, `0:0`, `root:wheel`, `00`. */
export const isRootUser = (text: string): boolean => /^(root|0+)(:|$)/.test(text.trim())
