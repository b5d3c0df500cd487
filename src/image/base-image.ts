/**
 * What a base image brings. A row holds facts that were read in the image's own Dockerfile or entrypoint;
 * each row names its source.
 */

/**
 * The family of account tools and package manager. `none`: no shell, nothing can be run in it.
 * `ubi-minimal`: microdnf, no useradd. `ubi-micro`: a shell, but no manager and no account tools.
 */
export type Distribution =
  | 'debian'
  | 'ubuntu'
  | 'alpine'
  | 'wolfi'
  | 'rhel'
  | 'fedora'
  | 'ubi-minimal'
  | 'ubi-micro'
  | 'amazonlinux'
  | 'photon'
  | 'suse'
  | 'arch'
  | 'busybox'
  | 'none'
  | 'windows'

export interface BaseAccount {
  /** Undefined where the image has no passwd entry. */
  name?: string
  /** Undefined where the image does not pin it. */
  uid?: number
  gid?: number
  /** Name of the primary group, when it differs from `name` and is known. */
  group?: string
  home?: string
}

export interface BaseImage {
  /**
   * Familiar names without tag: `node`, `grafana/grafana`, `gcr.io/distroless/nodejs22-debian12`.
   * `*` stands for any run of characters but `/`; `docker.io/library/` and `docker.io/` are left out.
   */
  names: readonly string[]
  /** The row holds for these tags only; the first row that matches wins. */
  tag?: RegExp
  /**
   * Where the same names come in several flavours, later ones are chosen by tag:
   * the first entry whose pattern matches the tag, else `distribution`.
   */
  distribution: Distribution
  distributionByTag?: readonly (readonly [RegExp, Distribution])[]
  /** The account that the image made for its service or its users. */
  account?: BaseAccount
  /** The same where a flavour differs (`alpine`). */
  accountByTag?: readonly (readonly [RegExp, BaseAccount])[]
  /** False for accounts that are nobody's service (`ubuntu`): never run as, but the uid is taken. Default true. */
  reuseAccount?: boolean
  /** `USER` of the image, exactly as it would stand in a Dockerfile; undefined: root. */
  user?: string
  userByTag?: readonly (readonly [RegExp, string | undefined])[]
  workdir?: string
  env?: Readonly<Record<string, string>>
  entrypoint?: readonly string[]
  cmd?: readonly string[]
  /** Ports that its server listens on by default. */
  ports?: readonly number[]
  volumes?: readonly string[]
  /** Directories that belong to `account` already. */
  owned?: readonly string[]
  /**
   * The entrypoint starts as root and changes to `account`. `guarded`: it tests `id -u` first,
   * so a `USER` starts. `evidence`: the line in the upstream script.
   */
  stepsDown?: { guarded: boolean; evidence: string }
  /**
   * What the entrypoint takes over as root, where a build step leaves root's files in it: `by` matches such a command.
   */
  takesOver?: { path: string; by: RegExp }
  /** A directory whose scripts the entrypoint runs before its program. */
  startScripts?: string
  /** An application without an account that is known to start as any user. */
  runsAsAnyUser?: boolean
  /** The image cannot work as another user; why, in one clause. */
  needsRoot?: string
  /** Name of the server that the image runs (`nginx`, `httpd`, `php-apache`, `postgres`, ...). */
  service?: string
  /**
   * `toolchain`: made to build in or to derive from, its default command is a shell or an interpreter
   * (`golang`, `python`, `debian`); `application`: it runs a program of its own.
   */
  kind: 'toolchain' | 'application'
  /** Where the facts were read. */
  source: string
}

/** A row with everything that depends on the tag decided. */
export type ResolvedBaseImage = Omit<
  BaseImage,
  'names' | 'tag' | 'distributionByTag' | 'accountByTag' | 'userByTag'
> & {
  /** The familiar name that was found, without a mirror's prefix. */
  name: string
  tag: string | undefined
}
