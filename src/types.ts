/**
 * What became of one Dockerfile.
 *
 * - `converted`: it runs as a non-root user, and every need that was recognised is met
 * - `needs-review`: converted, and at least one finding of severity `warning` says what cannot be known from the files
 * - `refused`: no byte changes; at least one finding of severity `error` says why and what to do instead
 * - `already-non-root`: nothing to do; only what options ask for is done
 * - `not-applicable`: a Windows container, or no `FROM`
 * - `failed`: it could not be read or parsed
 */
export type Verdict = 'converted' | 'needs-review' | 'refused' | 'already-non-root' | 'not-applicable' | 'failed'

/**
 * How grave a finding is: `error` keeps the file as it is, `warning` asks for a review of the result, `info` is good to know.
 */
export type Severity = 'error' | 'warning' | 'info'

/**
 * How the image comes to run as non-root: by `USER` (`user`), by an entrypoint that starts as root and becomes the user
 * (`entrypoint`), or as whatever uid of group 0 the platform chooses (`arbitrary-user`).
 */
export type Strategy = 'user' | 'entrypoint' | 'arbitrary-user'

/** A place in a text. */
export interface Position {
  /** Counts from 1. */
  line: number
  /** Counts from 1, in UTF-16 code units. */
  column: number
}

/** A part of a text. */
export interface Range {
  /** The first character. */
  start: Position
  /** Behind the last character. */
  end: Position
}

/** Something that the tool wants a person to know about one Dockerfile. */
export interface Finding {
  /** Kebab-case name of the rule; `unroot explain <rule>` prints its page. */
  rule: string
  /** `error` means that the file was refused (or failed), unless the finding is accepted. */
  severity: Severity
  /** One line, with the evidence. */
  message: string
  /** What to do about it. */
  help: string
  /** What it is about, in the original text. */
  range: Range
  /** Set when a comment or the config accepts the finding. */
  accepted?: {
    /** What the comment or the config says. */
    reason: string
    /** Where it was accepted. */
    by?: 'comment' | 'config'
  }
}

/** One edit, in the coordinates of the original text. */
export interface Change {
  /** The name of the transform that made it. */
  transform: string
  /** One line: what was done, and why where it is not evident. */
  message: string
  /** Empty where something was inserted. */
  range: Range
}

/** A port of the container that moved. */
export interface PortMapping {
  /** What the process listened on before, 1 to 1023. */
  from: number
  /** What it listens on now. Publish it as `-p from:to`. */
  to: number
}

/** The user that the result runs as. */
export interface ReportedUser {
  /** Null: only the name is known. */
  uid: number | null
  /** Null: not known. */
  gid: number | null
  /** Null: numbers only. */
  name: string | null
  /** The account was made, stood in the Dockerfile, came with the base image, or there is none. */
  source: 'created' | 'dockerfile' | 'base-image' | 'numeric'
}

/** A stage of a Dockerfile. */
export interface StageReference {
  /** Counts from 0. */
  index: number
  /** As in `AS name`, lower case; null without. */
  name: string | null
}

/** A path that the running process must be able to write, and how we know. */
export interface WritablePath {
  /** Absolute, in the container. */
  path: string
  /** One line, such as `run.sh line 2 makes it`. */
  reason: string
}

/** A rule whose findings somebody accepts for a Dockerfile. */
export interface Acceptance {
  /** The rule's name. */
  rule: string
  /** Why; must not be empty. */
  reason: string
}

/** A compose file, for `composeFiles`. */
export interface ComposeInput {
  /** Relative to the root of the build context, with `/`; a file above it begins with `../`. */
  path: string
  /** How messages name it. */
  name: string
  /** The whole file. */
  text: string
  /** The services that run this image, each with its `build.target`. */
  services: readonly {
    /** The key under `services`. */
    readonly name: string
    /** Default: the last stage. */
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
  /** The whole file. */
  text: string
  /** The image names in it that are this Dockerfile's, as they stand there. */
  images: readonly {
    /** With registry and tag, where the manifest has them. */
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
  /** Name of the account to create: as `useradd` takes it, at most 32 characters, not `root`. Default `app`. */
  user?: string
  /** Number of the account to create, 1 to 4294967294. Default 10001. */
  uid?: number
  /** Number of its group, 0 to 4294967294. Default: the uid's value. */
  gid?: number
  /**
   * `build-args`: the numbers of an account that is made come from `ARG UID` and `ARG GID`, so that a developer can build with
   * his own.
   */
  uidFrom?: 'build-args'
  /** The stages that are shipped. Default: the last one. */
  targets?: readonly string[]
  /** From privileged port to the one that replaces it, 1 to 65535; the same number keeps it. Default: 80 to 8080, and so on. */
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
  /** Whether files beside the Dockerfile change with it. Default `true`; with `false` findings say what has to change in them. */
  companions?: boolean
  /** Ports of this container that files beside the Dockerfile name, such as `ports` of a compose file. */
  publishedPorts?: readonly {
    /** The container's side. */
    readonly port: number
    /** How messages name the file that says so. */
    readonly file: string
    /** The stage that it is about. Default: the last one. */
    readonly target?: string | undefined
  }[]
  /**
   * What files beside the Dockerfile mount into this container, such as `volumes` of a compose file: the path in the
   * container, the file that says so, and whether it is a directory of the host (a bind mount) or a named volume.
   */
  mounts?: readonly {
    /** Absolute, in the container. */
    readonly path: string
    /** `read-only`: a bind mount of which the process only reads. */
    readonly kind: 'bind' | 'volume' | 'read-only'
    /** How messages name the file that says so. */
    readonly file: string
    /** The stage that it is about. Default: the last one. */
    readonly target?: string | undefined
  }[]
  /** What files beside the Dockerfile give this container beyond a plain one: `privileged`, `cap_add: NET_ADMIN`, a device. */
  grants?: readonly {
    /** As messages say it. */
    readonly grant: string
    /** How messages name the file that says so. */
    readonly file: string
    /** The stage that it is about. Default: the last one. */
    readonly target?: string | undefined
  }[]
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
   * Values of build arguments above the first `FROM` that have none in the Dockerfile, such as `build.args` of a compose
   * file: they tell which image `FROM $IMAGE` means. Arguments with a default keep it.
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
  /** Decided before the first edit. */
  verdict: Verdict
  /** The shipped stage; null where there is none. */
  stage: StageReference | null
  /** Whom the result runs as; null where nobody could be named. */
  user: ReportedUser | null
  /** `text` differs from what was given, or a companion does. */
  changed: boolean
  /** Ports that moved. */
  ports: PortMapping[]
  /** What the running process writes, with reasons. */
  writablePaths: WritablePath[]
  /** Every edit, in the order of the original text. */
  changes: Change[]
  /** Everything that a person should know. */
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
  /** Relative to the working directory, with `/`. */
  path: string
  /** Paths of the Dockerfiles that it changes with. */
  for: string[]
  /** Its text differs. */
  changed: boolean
  /** It is a new file. */
  created: boolean
  /** Unified diff with `a/` and `b/` headers. */
  diff: string
}

/** One entry of the report's `files`. */
export interface FileReport {
  /** Of the Dockerfile: relative to the working directory, with `/`. */
  path: string
  /** What became of it. */
  verdict: Verdict
  /** The shipped stage; null where there is none. */
  stage: StageReference | null
  /** Whom the result runs as; null where nobody could be named. */
  user: ReportedUser | null
  /** The Dockerfile changes, or would. */
  changed: boolean
  /** Ports that moved. */
  ports: PortMapping[]
  /** What the running process writes, with reasons. */
  writablePaths: WritablePath[]
  /** Every edit, in the order of the original text. */
  changes: Change[]
  /** Everything that a person should know. */
  findings: Finding[]
  /** Unified diff with `a/` and `b/` headers, '' when nothing changes. */
  diff: string
}

/** The JSON report, version 1. Its schema is `unroot/report.schema.json` in the package. */
export interface Report {
  /** Of the format: additions do not change it. */
  version: 1
  /** Who wrote the report. */
  tool: {
    /** Always the same. */
    name: 'unroot'
    /** Of the package. */
    version: string
  }
  /** How many Dockerfiles there are, and how many with each verdict. */
  summary: {
    /** All of them. */
    files: number
  } & Record<Verdict, number>
  /** One for each Dockerfile, by path. */
  files: FileReport[]
  /** Files beside the Dockerfiles that change. */
  companions: CompanionReport[]
}
