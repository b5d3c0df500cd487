import type { Accounts } from '../image/accounts.ts'
import type { Distribution } from '../image/base-image.ts'
import type { ConfigEdit, ConfigFacts, Listen } from './server-config.ts'

/** A configuration file that an image or a package brings. */
export interface BaseConfigFile {
  path: string
  /** The lines of it that matter. */
  text?: string | undefined
  /** A link to another file. */
  link?: string
  /** `sed` expression that moves a port. */
  port?: (from: number, to: number) => string
  /** `sed` expressions for what is not a port. */
  settings?: readonly string[]
}

/** Where one image or package keeps what belongs to the server. */
export interface ServerLayout {
  /** For messages: `the official image`. */
  name: string
  /** The configuration that is read first; '' where the server has none. */
  root: string
  /** Where it looks for a configuration that no argument names, if that is not `root` alone: the first that is there. */
  roots?: readonly string[]
  /** Its data and its own accounts want no other user. */
  isBoundToAccount?: true
  /** Relative names in it count from here. */
  prefix: string
  /** Relative names of a configuration on the command line count from here, where that differs from `prefix`. */
  startedIn?: string
  /** Relative names in a configuration count from the directory of the first one. */
  isRelativeToRoot?: true
  /** Directories that are there, so that a `COPY` to one of them goes into it. */
  directories: readonly string[]
  files: readonly BaseConfigFile[]
  /** Account under which it runs already. */
  account?: string
  /** Directories that belong to that account: another user must be given them. */
  owned?: readonly string[]
  /** Files that it writes whatever its configuration says. */
  writableFiles?: readonly string[]
  /** Directories that the server fills whatever its configuration says. */
  writable: readonly string[]
  /** Those of `writable` that a package makes at its first start only. */
  mayMiss?: readonly string[]
  /** Relative names of logs and pid files count from here, where that differs from `prefix`. */
  workPrefix?: string
  /** Pages that are there from the beginning and belong to root. */
  pages?: readonly string[]
  /** Where applications are installed, which may write beside their own files. */
  applications?: readonly string[]
  /** They hold files of another account already. */
  isRecursive?: boolean
  /** Where it works when the configuration names no temporary directories. */
  home?: string
  /** What else has to be done as root, such as taking a capability off the program. */
  commands?: readonly string[]
  /** The pid file that is compiled in. */
  pid: string
  logs: readonly string[]
  /** Logs that the image has linked to the standard streams. */
  linkedLogs?: readonly string[]
  /** Templates that the entrypoint renders. */
  templates?: { from: string; suffix: string; to: string } | undefined
}

/** What is known of an image when its layout is looked for. */
export interface LayoutQuestion {
  /** Of the base image. */
  service: string | undefined
  /** Familiar name of the base image. */
  image: string
  /** Packages that a `RUN` installs. */
  packages: readonly string[]
  distribution: Distribution | undefined
  /** Tag of the base image. */
  tag: string
  /** Whether the Dockerfile's instructions say it anywhere. */
  mentions: (pattern: RegExp) => boolean
  /** Where it is started. */
  workdir: string
  /** Name of the program that starts it, and what follows. */
  program: string | undefined
  /** The program as the command names it. */
  word: string | undefined
  args: readonly string[]
  environment: (name: string) => string | undefined
}

/** Who the image will run as. */
export interface ServerUser {
  uid: number | undefined
  name: string | undefined
  accounts: Accounts
}

/** A server whose configuration unroot can read and edit. */
export interface Server {
  name: string
  programs: readonly string[]
  /** `service` of base image rows. */
  services: readonly string[]
  packages: RegExp
  /** The entrypoint of its image puts the program in front of a `CMD` that begins with an option. */
  takesOptions?: boolean
  findLayout(question: LayoutQuestion): ServerLayout | undefined
  /** Where its configuration says nothing of it, it listens on a high port. */
  isQuiet?: true
  /** Without a configuration of its own it needs nothing: it listens on a high port and writes nothing. */
  isOptional?: true
  /** Arguments or variables say where it listens, so what the configuration says of it does not count. */
  isOverridden?(question: LayoutQuestion): boolean
  /** Files of the build context that are built into the program. `folders`: what `COPY`s bring. */
  findSources?(question: LayoutQuestion, folders: readonly string[]): readonly string[]
  /** What stands against it, of which no edit is known. */
  findProblem?(question: LayoutQuestion, facts: readonly ConfigFacts[]): { message: string; help: string } | undefined
  readArguments(args: readonly string[]): {
    config: string | undefined
    prefix: string | undefined
    settings: ReadonlyMap<string, string>
    /** Further configurations, read after the first one. */
    more?: readonly string[]
    /** The command line tells where it listens, so that no file has to: ports that it binds. */
    ports?: readonly number[]
    /** Variables that it takes ports from. */
    variables?: readonly string[]
    /** No file is read, even where one is. */
    isWhole?: boolean
    /** What else the command line says. */
    facts?: ConfigFacts
  }
  /** Undefined: the text is no valid configuration. */
  read(text: string, context: string): ConfigFacts | undefined
  /** What somebody has to look after where the configuration could not be read. */
  byHand: string
  /** Comment above the `RUN` that edits the base's own configuration. */
  comment(uid: string, does: { port?: number; settings: boolean }): string
  /** Edits that move ports, where that takes more than other digits. */
  movePorts?(
    text: string,
    facts: ConfigFacts,
    mapping: ReadonlyMap<number, number>,
    about: { isRoot: boolean; all: readonly ConfigFacts[] }
  ): readonly (ConfigEdit & { from: number })[]
  /**
   * Edits of the first configuration file, ports left out; with `editsEveryFile` of every one.
   *
   * @param given settings that the command line makes
   */
  editSettings(
    text: string,
    isWritable: (path: string) => boolean,
    given: ReadonlyMap<string, string>,
    user: ServerUser
  ): readonly ConfigEdit[]
  editsEveryFile?: true
}

/** Edits that move the ports of one configuration file. */
export function editPorts(
  server: Server,
  text: string,
  facts: ConfigFacts,
  mapping: ReadonlyMap<number, number>,
  about: { isRoot: boolean; all: readonly ConfigFacts[] }
): readonly (ConfigEdit & { from: number })[] {
  return server.movePorts?.(text, facts, mapping, about) ?? moveDigits(facts.listens, mapping)
}

/** Other digits where the old ones stand. */
export const moveDigits = (
  listens: readonly Listen[],
  mapping: ReadonlyMap<number, number>
): (ConfigEdit & { from: number })[] =>
  listens.flatMap(({ port, start, end, before, after }) => {
    const to = port === undefined ? undefined : mapping.get(port)
    return port === undefined || to === undefined ? [] : [{ start, end, text: `${before}${to}${after}`, from: port }]
  })

/** Gives a server its type. */
export const defineServer = (server: Server): Server => server

/** A server that is a part of the application: all its files lie where that works. */
export const applicationLayout = (name: string, workdir: string): ServerLayout => ({
  name,
  root: '',
  prefix: workdir,
  directories: [],
  files: [],
  writable: [],
  pid: '',
  logs: []
})
