/** What of a system tree the plan may give to the user, because a start script writes there. */
import type { StageImage } from '../image/image.ts'
import { findRootProgram } from '../services/root-programs.ts'
import { findServerByProgram, findServerByService } from '../services/servers.ts'
import { findApplicationPlace } from '../services/system-places.ts'
import type { Copy } from './copies.ts'
import { isInside, parentDirectory } from './paths.ts'
import type { RunFacts } from './run-facts.ts'
import type { ScriptWrite } from './script-writes.ts'
import type { StartUp } from './startup.ts'
import { canRun } from './user.ts'

export interface Grant {
  path: string
  kind: 'file' | 'directory'
  /** Files that a package or a `RUN` left there are rewritten. */
  isRecursive: boolean
}

interface Evidence {
  image: StageImage
  copies: readonly Copy[]
  facts: Pick<RunFacts, 'at'>
  startUp: Pick<StartUp, 'scripts' | 'programs'>
}

/**
 * The application's own file or directory to which a write in a system tree can be limited; undefined where it is the
 * system's (`/etc/passwd`, `/usr/bin`), or where the files do not tell enough.
 *
 * @param path absolute
 */
export function findGrant(
  path: string,
  write: Pick<ScriptWrite, 'kind' | 'replaces'>,
  evidence: Evidence
): Grant | undefined {
  const { image, copies, facts, startUp } = evidence
  if (!canRun(image)) return undefined
  const isFile = write.kind === 'file'
  const place = findApplicationPlace(isFile ? path : `${path}/-`)
  // The place of a base image's own application: what its Dockerfile calls the working directory.
  const home = image.base.image?.kind === 'application' ? image.base.image.workdir : undefined
  if (place === undefined || (place === 'directory' && home !== undefined && isInside(path, home))) {
    if (home === undefined || !/^\/usr\/share\/[^/]+$/.test(home) || !isInside(path, home)) return undefined
    const target = isFile ? parentDirectory(path) : path
    return target === home ? undefined : { path: target, kind: 'directory', isRecursive: false }
  }
  if (place === 'file') {
    // A file that is there, but empty, must not change what the script does.
    const name = path.replace(/[.*+?()[\]{}|^$\\]/g, '\\$&')
    const isAsked = startUp.scripts.some((script) => new RegExp(`-[efs]\\s+["']?${name}`).test(script.text ?? ''))
    return write.replaces || isAsked ? undefined : { path, kind: 'file', isRecursive: false }
  }
  const directory = isFile ? parentDirectory(path) : path
  if (isSystemTop(directory)) return undefined
  if (serverConfiguration.test(directory) && !runsServer(image, startUp, directory)) return undefined
  const isCopied = copies.some((copy) => isInside(copy.destination, directory))
  const isMade = facts.at(directory).some((fact) => fact.kind === 'make') && !isFilledByRun(image, directory)
  // A file of the base image or a package may be there already. Configuration is small; what else they keep may be large.
  const isConfiguration = /^\/(?:usr\/local\/)?etc\//.test(directory)
  const mayBeThere =
    isFile &&
    !write.replaces &&
    !isMade &&
    !copies.some((copy) => copy.destination === path) &&
    (!isCopied || mayBring(image, directory))
  if (isConfiguration && mayBeThere) return { path: directory, kind: 'directory', isRecursive: true }
  return write.replaces || !isFile || isCopied || isMade
    ? { path: directory, kind: 'directory', isRecursive: false }
    : undefined
}

/** A server that reads this must be known to run: whether it starts as another user is its own question. */
const serverConfiguration =
  /^\/(?:usr\/local\/)?etc\/(?:nginx|apache2|httpd|haproxy|lighttpd|caddy|traefik|varnish|supervisor\w*|mysql|postgresql|dovecot|postfix|exim4?|squid|samba|dnsmasq\.d|unbound|bind|monit)(?:\/|$)/

const runsServer = (image: StageImage, { programs }: Pick<StartUp, 'programs'>, directory: string): boolean => {
  const service = image.base.image?.service
  if (service !== undefined && (directory.split('/').includes(service) || findServerByService(service) !== undefined))
    return true
  return programs.some(({ name }) => (findServerByProgram(name) ?? findRootProgram(name)) !== undefined)
}

/** Whether base image or packages may have filled a directory of `/etc`. */
const mayBring = (image: StageImage, directory: string): boolean => {
  const name = directory.split('/')[directory.startsWith('/usr/local/') ? 4 : 2] ?? ''
  return (
    image.base.image?.kind !== 'toolchain' ||
    image.lineage.some((stage) =>
      stage.instructions.some(({ keyword, raw }) => keyword === 'RUN' && raw.logical.includes(name))
    )
  )
}

const isSystemTop = (directory: string): boolean => /^\/(?:etc|usr\/(?:local\/)?(?:etc|share))$/.test(directory)

const isFilledByRun = (image: StageImage, directory: string): boolean =>
  image.lineage.some((stage) =>
    stage.instructions.some(
      (instruction) => instruction.keyword === 'RUN' && instruction.raw.logical.includes(`${directory}/`)
    )
  )

const installs =
  /\b(?:apt-get|apt|aptitude|apk|yum|dnf|microdnf|tdnf|zypper|pacman|dpkg|rpm|pip3?|gem)\b.*\s(?:install|add|-i|-S\w*|-U\w*)\s/

/** The instructions of a stage behind which a granted place is there, with all that is in it. */
export function findBringers(image: StageImage, copies: readonly Copy[], path: string) {
  const copied = new Map(copies.map((copy) => [copy.instruction, copy]))
  return image.stage.instructions.filter((instruction) => {
    if (instruction.keyword === 'RUN') {
      const { logical } = instruction.raw
      return installs.test(logical) || logical.includes(path) || logical.includes(parentDirectory(path))
    }
    const copy = copied.get(instruction)
    return copy !== undefined && copy.destination !== path && isInside(path, copy.destination) && bringsTree(copy, path)
  })
}

/** `COPY rootfs /` brings what lies below; `COPY a.sh b.sh /` does not. */
const bringsTree = (copy: Copy, path: string): boolean =>
  copy.from !== undefined ||
  copy.sources.some(
    (source) =>
      !/\.[A-Za-z0-9]{1,10}$/.test(source) ||
      /\.(?:tar|tgz|gz|xz|bz2)$/.test(source) ||
      isInside(copy.destination, path)
  )
