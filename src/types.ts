/** One per Dockerfile; see the README for what each promises. */
export type Verdict = 'converted' | 'needs-review' | 'refused' | 'already-non-root' | 'not-applicable' | 'failed'

export type Severity = 'error' | 'warning' | 'info'

export type Strategy = 'user' | 'entrypoint' | 'arbitrary-user'

/** Line and column count from 1; columns are UTF-16 code units. `end` is exclusive. */
export interface Position {
  line: number
  column: number
}

export interface Range {
  start: Position
  end: Position
}

/** Something that the tool wants a person to know about one Dockerfile. */
export interface Finding {
  /** Kebab-case name of the rule; `unroot explain <rule>` prints its page. */
  rule: string
  severity: Severity
  /** One line, with the evidence. */
  message: string
  /** What to do about it. */
  help: string
  range: Range
  /** Set when a comment or the config accepts the finding. */
  accepted?: { reason: string; by?: 'comment' | 'config' }
}

/** One edit, in the coordinates of the original text. */
export interface Change {
  transform: string
  message: string
  range: Range
}

export interface PortMapping {
  from: number
  to: number
}

/** The user that the result runs as. */
export interface ReportedUser {
  uid: number | null
  gid: number | null
  name: string | null
  source: 'created' | 'dockerfile' | 'base-image' | 'numeric'
}

export interface StageReference {
  /** Counts from 0. */
  index: number
  name: string | null
}

/** A path that the running process must be able to write, and how we know. */
export interface WritablePath {
  path: string
  reason: string
}

export interface Acceptance {
  rule: string
  reason: string
}

/** A compose file, for `composeFiles`. */
export interface ComposeInput {
  /** Relative to the root of the build context, with `/`; a file above it begins with `../`. */
  path: string
  /** How messages name it. */
  name: string
  text: string
  /** The services that run this image, each with its `build.target`. */
  services: readonly {
    readonly name: string
    readonly target?: string | undefined
    /** The build context, relative to the compose file's folder. */
    readonly context: string
  }[]
  /** Why it could not be read. */
  problem?: string
}

/** A Kubernetes manifest, for `manifests`: it runs this image, or selects the pods that do. */
export interface ManifestInput {
  /** Relative to the root of the build context, with `/`; a file above it begins with `../`. */
  path: string
  /** How messages name it. */
  name: string
  text: string
  /** The image names in it that are this Dockerfile's, as they stand there. */
  images: readonly {
    readonly image: string
    /** The stage that is built under this name. Default: the last one. */
    readonly target?: string | undefined
    /** Ports that its containers name. */
    readonly ports?: readonly number[]
    /** Ports of other containers of the same pods: this image cannot move to them. */
    readonly takenPorts?: readonly number[]
  }[]
  /** Nobody has said that it is this image: it is the only one that nobody else builds. */
  isAssumed?: boolean
  /** It may be read, not changed. */
  isReadOnly?: boolean
  /** Why it could not be read. */
  problem?: string
}

/** A Dockerfile of the same tree that builds a base image, for `findBase`. */
export interface BaseDockerfile {
  /** As messages name it. */
  path: string
  /** As it stands. */
  text: string
  /** The stage that is built; undefined: the last one. */
  target?: string | undefined
  /** How it is known that this Dockerfile builds the image, in one clause. */
  evidence: string
  /** What its own conversion answers. */
  result: Pick<RewriteResult, 'text' | 'verdict' | 'user' | 'ports' | 'writablePaths' | 'findings'>
  /** Which Dockerfiles build its own base images. */
  findBase?: FindBase
}

/**
 * Answers which Dockerfile of the same tree builds the image that `FROM` names; only asked for images that are not
 * known. The same question must get the same object.
 */
export type FindBase = (image: string) => BaseDockerfile | undefined

/** Options of `rewrite`; every one has a default. */
export interface RewriteOptions {
  /** How the image comes to run as non-root. Default `user`. */
  strategy?: Strategy
  /** Name of the account to create. Default `app`. */
  user?: string
  /** Default 10001. */
  uid?: number
  /** Default: the uid's value. */
  gid?: number
  /**
   * `build-args`: the numbers of an account that is made come from `ARG UID` and `ARG GID`, so that a developer can build with
   * his own.
   */
  uidFrom?: 'build-args'
  /** The stages that are shipped. Default: the last one. */
  targets?: readonly string[]
  /** From privileged port to the one that replaces it; the same number keeps it. */
  ports?: Readonly<Record<number, number>>
  /** Octal mode, such as `027`: turns on `set-umask`. */
  umask?: string
  /** What `chown-copied-files` owns. Default `app`. */
  chown?: 'app' | 'all' | 'none'
  /** Names of transforms: only these run. */
  only?: readonly string[]
  /** Names of transforms that do not run. */
  skip?: readonly string[]
  /** Change only files whose verdict is `converted`. */
  safeOnly?: boolean
  /** Leave files beside the Dockerfile alone. Default `true` (they are changed). */
  companions?: boolean
  /** Ports of this container that files beside the Dockerfile name, such as `ports` of a compose file. */
  publishedPorts?: readonly { readonly port: number; readonly file: string; readonly target?: string | undefined }[]
  /**
   * What files beside the Dockerfile mount into this container, such as `volumes` of a compose file: the path in the
   * container, the file that says so, and whether it is a directory of the host (a bind mount) or a named volume.
   */
  mounts?: readonly {
    readonly path: string
    /** `read-only`: a bind mount of which the process only reads. */
    readonly kind: 'bind' | 'volume' | 'read-only'
    readonly file: string
    readonly target?: string | undefined
  }[]
  /** What files beside the Dockerfile give this container beyond a plain one: `privileged`, `cap_add: NET_ADMIN`, a device. */
  grants?: readonly { readonly grant: string; readonly file: string; readonly target?: string | undefined }[]
  /** Compose files with services that run this image: `update-compose` changes them. */
  composeFiles?: readonly ComposeInput[]
  /** Manifests that run this image, and those of Services and policies that select its pods: `update-kubernetes` changes them. */
  manifests?: readonly ManifestInput[]
  /** Compose: also `cap_drop`, `no-new-privileges`, `read_only` and `tmpfs`. Default `false`. */
  harden?: boolean
  /** Findings that somebody accepts, beside the comments in the Dockerfile. */
  ignore?: readonly Acceptance[]
  /** Strategy `entrypoint`: what changes the user. Default: what the image has or can get. */
  stepDown?: 'setpriv' | 'su-exec' | 'gosu'
  /** Strategy `entrypoint`: names of the variables for uid, gid and further directories. Default `UID`, `GID`, `UNROOT_CHOWN`. */
  entrypointVariables?: readonly string[]
  /** Strategy `entrypoint`: the script as a heredoc in the Dockerfile, not as a file beside it. */
  entrypointInline?: boolean
  /** Default `presets.user`. */
  transforms?: readonly import('./transform.ts').Transform[]
  /** The name of the Dockerfile in diffs. Default `Dockerfile`. */
  path?: string
  /**
   * The text of a file of the build context, by its path relative to the context's root with `/`;
   * undefined when there is none or it is no text. Without it scripts stay unread.
   */
  readContext?: (path: string) => string | undefined
  /** Every file of the build context below a folder (`''` for all), by its path relative to the context's root. */
  listContext?: (folder: string) => readonly string[]
  /**
   * The text of a file beside the build context, such as a configuration that a compose file mounts; the path is
   * relative to the context's root and may begin with `../`. `.dockerignore` does not count.
   */
  readBeside?: (path: string) => string | undefined
  /** Every file below a folder, both as for `readBeside`. */
  listBeside?: (folder: string) => readonly string[]
  /** Whether `.dockerignore` leaves a file out, by its path relative to the context's root. */
  isIgnored?: (path: string) => boolean
  /** The Dockerfile's folder, relative to the context's root; new files go there. Default: the root. */
  dockerfileFolder?: string
  /**
   * Values of build arguments that have none in the Dockerfile, such as `build.args` of a compose file: they tell which
   * image `FROM $IMAGE` means. Arguments with a default keep it.
   */
  buildArgs?: Readonly<Record<string, string>>
  /** Base images that other Dockerfiles of the same tree build. Strategy `entrypoint` does not ask. */
  findBase?: FindBase
  /** Permission bits of a file of the build context, such as 0o755; undefined where they are not known. */
  contextMode?: (path: string) => number | undefined
}

/** What `rewrite` answers. */
export interface RewriteResult {
  /** The rewritten Dockerfile; the input itself when nothing changes. */
  text: string
  verdict: Verdict
  /** The shipped stage. */
  stage: StageReference | null
  user: ReportedUser | null
  changed: boolean
  ports: PortMapping[]
  /** What the running process writes, with reasons. */
  writablePaths: WritablePath[]
  changes: Change[]
  findings: Finding[]
  /** Files that change with the Dockerfile: path relative to the root of the build context to new text. */
  companions: Map<string, string>
  /** The container starts as root and becomes the user by its entrypoint: it needs the capabilities for that. */
  startsAsRoot: boolean
  /** Files of the build context with which the server of the image is configured, changed or not. */
  serverFiles: string[]
  /** Unified diff with `a/` and `b/` headers, '' when nothing changes. */
  diff(): string
}

/** One entry of the report's `companions`. */
export interface CompanionReport {
  path: string
  for: string[]
  changed: boolean
  created: boolean
  diff: string
}

/** One entry of the report's `files`. */
export interface FileReport {
  path: string
  verdict: Verdict
  stage: StageReference | null
  user: ReportedUser | null
  changed: boolean
  ports: PortMapping[]
  writablePaths: WritablePath[]
  changes: Change[]
  findings: Finding[]
  diff: string
}

/** The JSON report, version 1. */
export interface Report {
  version: 1
  tool: { name: 'unroot'; version: string }
  summary: { files: number } & Record<Verdict, number>
  files: FileReport[]
  companions: CompanionReport[]
}
