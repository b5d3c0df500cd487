/** What all views of one history share. */
interface History<Key, Value> {
  /** Values of each key with the version that set them, oldest first; undefined: removed. */
  readonly values: Map<Key, { version: number; value: Value | undefined }[]>
  latest: number
  /** What was there before; never changed. */
  readonly before: HistoryMap<Key, Value> | undefined
}

/**
 * A map that is never changed in place, in which `with` costs no copy: the views along one line of instructions share
 * a history. Thousands of `ENV`s would otherwise copy thousands of maps.
 */
export class HistoryMap<Key, Value> {
  private constructor(
    private readonly history: History<Key, Value>,
    private readonly version: number,
    /** Kept across files: nobody may add to its history. */
    private readonly isShared: boolean
  ) {}

  /**
   * Makes one.
   *
   * @internal
   */
  static of<Key, Value>(entries: Iterable<readonly [Key, Value]> = []): HistoryMap<Key, Value> {
    const values = new Map<Key, { version: number; value: Value | undefined }[]>()
    for (const [key, value] of entries) values.set(key, [{ version: 0, value }])
    return new HistoryMap({ values, latest: 0, before: undefined }, 0, true)
  }

  /** The value of a key; undefined without one. */
  get(key: Key): Value | undefined {
    const values = this.history.values.get(key)
    if (values === undefined) return this.history.before?.get(key)
    for (let index = values.length - 1; index >= 0; index--) {
      const entry = values[index] as { version: number; value: Value | undefined }
      if (entry.version <= this.version) return entry.value
    }
    return this.history.before?.get(key)
  }

  /** Whether a key has a value. */
  has(key: Key): boolean {
    return this.get(key) !== undefined
  }

  /**
   * The same with one value more; undefined removes the key.
   *
   * @internal
   */
  with(key: Key, value: Value | undefined): HistoryMap<Key, Value> {
    if (this.isShared) return new HistoryMap({ values: new Map(), latest: 0, before: this }, 0, false).with(key, value)
    if (this.history.latest !== this.version) return this.copy().with(key, value)
    const version = ++this.history.latest
    const values = this.history.values.get(key)
    if (values === undefined) this.history.values.set(key, [{ version, value }])
    else values.push({ version, value })
    return new HistoryMap(this.history, version, false)
  }

  private copy(): HistoryMap<Key, Value> {
    const values = new Map<Key, { version: number; value: Value | undefined }[]>()
    for (const [key, value] of this) values.set(key, [{ version: 0, value }])
    return new HistoryMap({ values, latest: 0, before: undefined }, 0, false)
  }

  /** Keys with their values. */
  *[Symbol.iterator](): Generator<[Key, Value]> {
    const { before, values } = this.history
    if (before !== undefined)
      for (const [key] of before) {
        const value = this.get(key)
        if (value !== undefined) yield [key, value]
      }
    for (const key of values.keys()) {
      if (before?.has(key) === true) continue
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  /** The keys. */
  *keys(): Generator<Key> {
    for (const [key] of this) yield key
  }

  /** The values. */
  *values(): Generator<Value> {
    for (const [, value] of this) yield value
  }

  /** No key has a value. */
  get isEmpty(): boolean {
    return this.keys().next().done === true
  }
}
