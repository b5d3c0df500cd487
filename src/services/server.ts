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
  /** The configuration that is read first. */
  root: string
  /** Other names under which the server looks for it; the first that is there counts. */
  otherRoots?: readonly string[]
  /** Relative names in it count from here. */
  prefix: string
  /** Directories that are there, so that a `COPY` to one of them goes into it. */
  directories: readonly string[]
  files: readonly BaseConfigFile[]
  /** Account under which its workers run already, where its number is fixed. */
  account?: string
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
  /** The program as the command names it. */
  program?: string | undefined
  args: readonly string[]
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
  /** @param workdir relative names count from here, where not from `prefix` */
  readArguments(
    args: readonly string[],
    workdir: string
  ): {
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
   * Edits of the first configuration file, ports left out.
   *
   * @param given settings that the command line makes
   */
  editSettings(
    text: string,
    isWritable: (path: string) => boolean,
    given: ReadonlyMap<string, string>
  ): readonly ConfigEdit[]
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

/** An argument that counts from the working directory. */
export const fromWorkdir = (workdir: string, path: string): string =>
  path.startsWith('/') ? path : `${workdir === '/' ? '' : workdir}/${path.replace(/^\.\//, '')}`

/** Gives a server its type. */
export const defineServer = (server: Server): Server => server
