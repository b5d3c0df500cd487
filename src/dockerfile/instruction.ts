import { type Property, readFineProperties, readFlags, readProperties } from './fine-ranges.ts'
import type { Escape, Heredoc, RawInstruction, Segment } from './line-reader.ts'
import { parseJsonStrings } from './line-reader.ts'
import { endOfWord, isBlank, splitAtSpace, type Word } from './words.ts'

/** `--name=value` before the arguments; offsets are those of the source. */
/** A flag such as `--chown=1000:1000`. Offsets are those of the source text. */
export interface Flag {
  /** Without the dashes. */
  name: string
  /** Undefined: a flag without `=`. */
  value: string | undefined
  /** Of the first dash. */
  start: number
  /** Behind the last character. */
  end: number
  /** Of the value's first character. */
  valueStart: number
  /** Behind the value's last character. */
  valueEnd: number
}

/** A string of an exec form. `value` is decoded; the range includes the quotes. */
export interface JsonString extends Word {
  /** What stands between the quotes, escapes resolved. */
  value: string
}

/** One instruction. All offsets it hands out are those of the source text; what is costly is read when asked for. */
export class Instruction {
  /** Upper case. */
  readonly keyword: string
  /**
   * What the room above has read from it, kept for the instruction's lifetime.
   *
   * @internal
   */
  memo: unknown
  private readonly cache: {
    flags?: readonly Flag[]
    json?: readonly JsonString[] | null
    properties?: readonly Property[] | null
    words?: readonly Word[]
    argumentsStart?: number
    argumentText?: string
  } = {}

  /** @internal */
  constructor(
    /** @internal */
    readonly raw: RawInstruction,
    /** Counts from 0, over the whole file. */
    readonly index: number,
    /** What continues a line. */
    readonly escape: Escape,
    private readonly text: string
  ) {
    this.keyword = raw.keyword.toUpperCase()
  }

  /** Offset of the keyword. */
  get start(): number {
    return this.raw.start
  }
  /** Offset behind the last character, heredocs included. */
  get end(): number {
    return this.raw.end
  }
  /** Line of the keyword; counts from 1. */
  get startLine(): number {
    return this.raw.startLine
  }
  /** Line of the last character; counts from 1. */
  get endLine(): number {
    return this.raw.endLine
  }
  /** Heredocs that begin in it. */
  get heredocs(): readonly Heredoc[] {
    return this.raw.heredocs
  }

  /** As written, heredocs included. */
  get source(): string {
    return this.text.slice(this.raw.start, this.raw.end)
  }

  /** The lines between a heredoc's mark and its terminator. */
  heredocBody(heredoc: Heredoc): string {
    return this.text.slice(heredoc.bodyStart, heredoc.bodyEnd)
  }

  /**
   * The place in the source of an offset in the logical line.
   *
   * @internal
   */
  toSource(logical: number): number {
    const { segments } = this.raw
    let low = 0
    let high = segments.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((segments[middle] as Segment).logical <= logical) low = middle
      else high = middle - 1
    }
    const segment = segments[low]
    if (segment === undefined) return this.raw.start
    return segment.source + Math.min(logical - segment.logical, segment.length)
  }

  /**
   * The source range of a piece of the logical line.
   *
   * @internal
   */
  sourceRange(start: number, end: number): readonly [number, number] {
    return start === end
      ? [this.toSource(start), this.toSource(start)]
      : [this.toSource(start), this.toSource(end - 1) + 1]
  }

  private place(word: Word): Word {
    const [start, end] = this.sourceRange(word.start, word.end)
    return { text: word.text, start, end }
  }

  /** `--chown=...` and the like, in the order of the text. */
  get flags(): readonly Flag[] {
    this.cache.flags ??= readFlags(this)
    return this.cache.flags
  }

  /** The first flag of a name, given without its dashes. */
  flag(name: string): Flag | undefined {
    return this.flags.find((flag) => flag.name === name)
  }

  /**
   * Where the arguments begin in the logical line, flags left out.
   *
   * @internal
   */
  get argumentsLogicalStart(): number {
    this.cache.argumentsStart ??= this.findArguments()
    return this.cache.argumentsStart
  }

  private findArguments(): number {
    const { logical } = this.raw
    let index = this.raw.keyword.length
    for (;;) {
      while (index < logical.length && isBlank(logical.charCodeAt(index))) index++
      if (!logical.startsWith('--', index) || !/[a-zA-Z]/.test(logical[index + 2] ?? '')) return index
      index = endOfWord(logical, this.escape, index)
    }
  }

  /** The arguments as one string: joined lines, without flags. */
  get argumentText(): string {
    this.cache.argumentText ??= this.raw.logical.slice(this.argumentsLogicalStart).trimEnd()
    return this.cache.argumentText
  }

  /** Offset in the source at which the arguments begin. */
  get argumentsStart(): number {
    return this.toSource(this.argumentsLogicalStart)
  }

  /** The arguments, split at white space (`EXPOSE`, `COPY`, `VOLUME`, ...). */
  get words(): readonly Word[] {
    this.cache.words ??= splitAtSpace(this.raw.logical, this.argumentsLogicalStart).map((word) => this.place(word))
    return this.cache.words
  }

  /** The strings of the exec form, undefined in shell form. `HEALTHCHECK CMD [...]` counts from its bracket. */
  get json(): readonly JsonString[] | undefined {
    if (this.cache.json === undefined) this.cache.json = this.readJson() ?? null
    return this.cache.json ?? undefined
  }

  private readJson(): JsonString[] | undefined {
    const { logical } = this.raw
    let from = this.argumentsLogicalStart
    if (this.keyword === 'HEALTHCHECK') from += /^CMD\s+/i.exec(logical.slice(from))?.[0].length ?? 0
    if (logical[from] !== '[') return undefined
    const values = parseJsonStrings(logical.slice(from).trimEnd())
    if (values === undefined) return undefined
    const strings: JsonString[] = []
    const pattern = /"(?:[^"\\]|\\.)*"/g
    pattern.lastIndex = from
    for (const value of values) {
      const match = pattern.exec(logical)
      if (match === null) return undefined
      strings.push({ ...this.place({ text: match[0], start: match.index, end: pattern.lastIndex }), value })
    }
    return strings
  }

  /** Source, destination and their places (`COPY`, `ADD`), heredoc marks among the sources. */
  get copy():
    | {
        /** Files, patterns, URLs and heredoc marks. */
        sources: readonly Word[]
        /** The last word. */
        destination: Word
      }
    | undefined {
    const all = this.json?.map(({ value, start, end }) => ({ text: value, start, end })) ?? this.words
    const destination = all.at(-1)
    return all.length < 2 || destination === undefined ? undefined : { sources: all.slice(0, -1), destination }
  }

  /** `NAME=value` pairs of `ENV`, `ARG` and `LABEL`; undefined when BuildKit would refuse them. */
  get properties(): readonly Property[] | undefined {
    if (this.cache.properties === undefined) this.cache.properties = readProperties(this) ?? null
    return this.cache.properties ?? undefined
  }

  /**
   * The properties with ranges that are safe to edit; undefined where the readers differ.
   *
   * @internal
   */
  get fineProperties(): readonly (Property | undefined)[] {
    return readFineProperties(this)
  }
}
