/** Splices in YAML by node range: comments, quotes, order and indentation stay. */
import type { Alias, Document, Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { findYaml, type Yaml } from '../yaml.ts'
import { createTextEdits } from './text-edits.ts'

/** What can be inserted. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue }

/** A text that was read as YAML without an error. */
export interface YamlFile {
  text: string
  documents: readonly Document.Parsed[]
  /** Where a node stands: `0.services.web.ports.1`; each document begins with its number. */
  pathOf(node: Node): string | undefined
}

/** Where a key is put: in front of another one, or behind it. */
export interface PairPlace {
  before?: string
  after?: string
}

export interface YamlEditor {
  /** Replaces a part of a scalar, by offsets of the file; its quotes stay what they are. */
  replaceInside(scalar: Scalar, start: number, end: number, text: string, message: string): void
  /** Replaces a scalar with its quotes. `raw` is YAML. */
  replaceScalar(scalar: Scalar, raw: string, message: string): void
  /** Adds `key: value` to a map, at its end where no place is named or found. */
  addPair(map: YAMLMap, key: string, value: YamlValue, message: string, place?: PairPlace): void
  /** The same for several keys, as one edit. */
  addPairs(map: YAMLMap, pairs: Readonly<Record<string, YamlValue>>, message: string, place?: PairPlace): void
  /** Gives a key that has no value yet (`key:`) its map. */
  fillPair(pair: Pair, value: YamlValue, message: string): void
  /** Adds an item at the end of a sequence. */
  addItem(sequence: YAMLSeq, value: YamlValue, message: string): void
  readonly edits: readonly { start: number; message: string }[]
  /** The new text; undefined where, read again, it says anything else than what was asked for. */
  finish(): string | undefined
}

/**
 * Reads a text as YAML 1.2, several documents and merge keys (`<<`) included. Undefined where it is none, and where
 * nobody has brought the library.
 */
export function readYaml(text: string): YamlFile | undefined {
  const yaml = findYaml()
  if (yaml === undefined) return undefined
  let documents: readonly Document.Parsed[]
  try {
    const parsed = yaml.parseAllDocuments(text, { merge: true, logLevel: 'silent', keepSourceTokens: false })
    documents = 'empty' in parsed ? [] : (parsed as Document.Parsed[])
  } catch {
    return undefined
  }
  if (documents.some((document) => document.errors.length > 0)) return undefined
  let paths: Map<unknown, string> | undefined
  return {
    text,
    documents,
    pathOf(node) {
      if (paths === undefined) {
        paths = new Map()
        for (const [index, document] of documents.entries()) flatten(yaml, document.contents, String(index), paths)
      }
      return paths.get(node)
    }
  }
}

/** Why a text is no YAML: the first thing wrong with it, with its line. */
export function findYamlError(text: string): string | undefined {
  const yaml = findYaml()
  try {
    for (const { errors } of (yaml?.parseAllDocuments(text, { merge: true, logLevel: 'silent' }) ??
      []) as readonly Document.Parsed[])
      for (const { message } of errors) {
        const line = /at line (\d+)/.exec(message)?.[1]
        return `line ${line}: ${message.replace(/ at line \d[\s\S]*$/, '')}`
      }
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Lists every node as `path kind value`, aliases unresolved. */
function flatten(
  yaml: Yaml,
  node: unknown,
  path: string,
  paths?: Map<unknown, string>,
  out?: Map<string, string>
): void {
  if (node === null || node === undefined) {
    out?.set(path, 'null')
    return
  }
  paths?.set(node, path)
  const anchor = (node as { anchor?: string }).anchor
  const mark = anchor === undefined ? '' : `&${anchor} `
  if (yaml.isAlias(node)) out?.set(path, `*${(node as Alias).source}`)
  else if (yaml.isScalar(node)) out?.set(path, mark + JSON.stringify((node as Scalar).value ?? null))
  else if (yaml.isMap(node)) {
    out?.set(path, `${mark}{}`)
    for (const { key, value } of (node as YAMLMap).items)
      flatten(yaml, value, `${path}.${yaml.isScalar(key) ? String(key.value) : String(key)}`, paths, out)
  } else if (yaml.isSeq(node)) {
    out?.set(path, `${mark}[]`)
    for (const [index, item] of (node as YAMLSeq).items.entries()) flatten(yaml, item, `${path}.${index}`, paths, out)
  }
}

function flattenAll(yaml: Yaml, documents: readonly Document.Parsed[]): Map<string, string> {
  const out = new Map<string, string>()
  for (const [index, document] of documents.entries()) flatten(yaml, document.contents, String(index), undefined, out)
  return out
}

function flattenValue(value: YamlValue, path: string, out: Map<string, string>): void {
  if (Array.isArray(value)) {
    out.set(path, '[]')
    for (const [index, item] of value.entries()) flattenValue(item as YamlValue, `${path}.${index}`, out)
  } else if (typeof value === 'object') {
    out.set(path, '{}')
    for (const [key, item] of Object.entries(value)) flattenValue(item as YamlValue, `${path}.${key}`, out)
  } else out.set(path, JSON.stringify(value))
}

/** The key's pair in a map itself, merged maps left out. */
export function findPair(map: unknown, key: string): Pair<ParsedNode, ParsedNode | null> | undefined {
  const yaml = findYaml()
  if (yaml === undefined || !yaml.isMap(map)) return undefined
  return (map.items as Pair<ParsedNode, ParsedNode | null>[]).find(
    (pair) => yaml.isScalar(pair.key) && String(pair.key.value) === key
  )
}

/** Makes an editor for one file. */
export function createYamlEditor(file: YamlFile): YamlEditor {
  const { text } = file
  const yaml = findYaml() as Yaml
  const splices = createTextEdits(text)
  const touched = new Set<string>()
  const added = new Map<string, string>()
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const habits = readHabits(yaml, file)
  const indentOf = (offset: number): string => {
    const start = text.lastIndexOf('\n', offset - 1) + 1
    // `- key: value`: the map begins behind the dash.
    return text
      .slice(start, offset)
      .replace(/[^\s]/g, ' ')
      .replace(/\ufeff/g, '')
  }
  /** End of the line on which a node ends; comments behind it on the line are skipped. */
  const lineEnd = (offset: number): number => {
    const end = text.indexOf('\n', offset)
    if (end === -1) return text.length
    return text[end - 1] === '\r' ? end - 1 : end
  }
  const insertLines = (at: number, lines: readonly string[], message: string) => {
    const isAtEnd = at === text.length
    const needsBreak = !isAtEnd || !text.endsWith('\n')
    const block = lines.join(eol)
    splices.replace(at, at, needsBreak ? eol + block : block + eol, message)
  }
  const offsetOf = (node: ParsedNode) => (node.range as [number, number, number])[0]
  /** How many items a collection has by now, without the ones that come. */
  const inserted = new Map<unknown, number>()
  const countInserted = (collection: YAMLMap | YAMLSeq, coming = 1): number => {
    const count = inserted.get(collection) ?? 0
    inserted.set(collection, count + coming)
    return collection.items.length + count
  }
  const expect = (path: string, value: YamlValue) => flattenValue(value, path, added)

  const editor: YamlEditor = {
    replaceInside(scalar, start, end, replacement, message) {
      splices.replace(start, end, replacement, message)
      touched.add(file.pathOf(scalar) ?? '')
    },
    replaceScalar(scalar, raw, message) {
      const [start, end] = scalar.range as [number, number, number]
      splices.replace(start, end, raw, message)
      touched.add(file.pathOf(scalar) ?? '')
    },
    addPair(map, key, value, message, place) {
      editor.addPairs(map, { [key]: value }, message, place)
    },
    addPairs(map, pairs, message, { before, after } = {}) {
      const entries = Object.entries(pairs)
      const count = countInserted(map, entries.length)
      for (const [key, value] of entries) expect(`${file.pathOf(map)}.${key}`, value)
      const block = (indent: string) => entries.flatMap(([key, value]) => toBlock(key, value, indent, habits))
      if (map.flow === true) {
        const [start, end] = map.range as [number, number, number]
        const at = end - 1
        const isEmpty = count === 0
        const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start)
        // `securityContext: {}` was left to be filled.
        if (isEmpty && /^[ \t]*(?:- +)*["']?[\w./-]+["']?:[ \t]+$/.test(line)) {
          const from = start - (/[ \t]+$/.exec(line)?.[0].length ?? 0)
          const keyIndent = /^[ \t]*(?:- +)*/.exec(line)?.[0].replace(/-/g, ' ') ?? ''
          splices.replace(from, end, eol + block(keyIndent + habits.step).join(eol), message)
          return
        }
        const inside = text.slice(start + 1, at)
        const blanks = /\s*$/.exec(inside)?.[0].length ?? 0
        const flow = entries.map(([key, value]) => `${key}: ${toFlow(value)}`).join(', ')
        splices.replace(at - blanks, at - blanks, `${count === 0 ? '' : ', '}${flow}`, message)
        return
      }
      const first = map.items[0] as Pair<ParsedNode, ParsedNode>
      const firstAt = offsetOf(first.key)
      const indent = indentOf(firstAt)
      const indexOf = (key: string | undefined) =>
        map.items.findIndex((pair) => key !== undefined && yaml.isScalar(pair.key) && pair.key.value === key)
      const lineStart = text.lastIndexOf('\n', firstAt) + 1
      if (indexOf(before) === 0 && text.slice(lineStart, firstAt).trim() === '') {
        // Comments above a key belong to it.
        const own = /(?:^|\n)((?:[ \t]*(?:#[^\n]*)?\r?\n)*)$/.exec(text.slice(0, lineStart))?.[1] ?? ''
        const at = lineStart - own.length
        splices.replace(
          at,
          at,
          block(indent)
            .map((each) => each + eol)
            .join(''),
          message
        )
        return
      }
      const behind = map.items[indexOf(before) > 0 ? indexOf(before) - 1 : indexOf(after)] ?? map.items.at(-1)
      const at = lineEnd(endOfPair(yaml, behind as Pair<ParsedNode, ParsedNode>, text))
      insertLines(at, block(indent), message)
    },
    fillPair(pair, value, message) {
      const key = pair.key as Scalar
      const [start, end] = key.range as [number, number, number]
      const owner = file.documents
        .map((document) => findOwner(yaml, document.contents, pair))
        .find((found) => found !== undefined)
      const path = `${owner === undefined ? '' : file.pathOf(owner)}.${String(key.value)}`
      touched.add(path)
      expect(path, value)
      const indent = indentOf(start) + habits.step
      const lines = Object.entries(value as Record<string, YamlValue>).flatMap(([name, each]) =>
        toBlock(name, each, indent, habits)
      )
      insertLines(lineEnd(end), lines, message)
    },
    addItem(sequence, value, message) {
      const count = countInserted(sequence)
      const path = `${file.pathOf(sequence)}.${count}`
      expect(path, value)
      const range = sequence.range as [number, number, number]
      if (sequence.flow === true) {
        const at = range[1] - 1
        const blanks = /\s*$/.exec(text.slice(range[0] + 1, at))?.[0].length ?? 0
        splices.replace(at - blanks, at - blanks, `${count === 0 ? '' : ', '}${toFlow(value)}`, message)
        return
      }
      const last = sequence.items.at(-1) as ParsedNode
      const indent = indentOf(range[0])
      insertLines(lineEnd(endOfNode(yaml, last, text)), [`${indent}- ${toFlow(value)}`], message)
    },
    get edits() {
      return splices.edits
    },
    finish() {
      const result = splices.finish().text
      const again = readYaml(result)
      if (again === undefined) return undefined
      const before = flattenAll(yaml, file.documents)
      const after = flattenAll(yaml, again.documents)
      for (const [path, value] of added) if (after.get(path) !== value) return undefined
      for (const [path, value] of before)
        if (!after.has(path) || (after.get(path) !== value && !touched.has(path))) return undefined
      for (const path of after.keys()) if (!before.has(path) && !added.has(path)) return undefined
      return result
    }
  }
  return editor
}

function findOwner(yaml: Yaml, node: unknown, pair: Pair): YAMLMap | undefined {
  if (yaml.isMap(node)) {
    if (node.items.includes(pair as never)) return node
    for (const { value } of node.items) {
      const found = findOwner(yaml, value, pair)
      if (found !== undefined) return found
    }
  } else if (yaml.isSeq(node))
    for (const item of node.items) {
      const found = findOwner(yaml, item, pair)
      if (found !== undefined) return found
    }
  return undefined
}

/** Where the content of a node ends; what stands between it and the next key (blank lines, comments) is not its own. */
function endOfNode(yaml: Yaml, node: ParsedNode, text: string): number {
  if (yaml.isMap(node) && node.flow !== true) {
    const last = node.items.at(-1)
    if (last !== undefined) return endOfPair(yaml, last as Pair<ParsedNode, ParsedNode>, text)
  }
  if (yaml.isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1)
    if (last !== undefined) return endOfNode(yaml, last as ParsedNode, text)
  }
  let [, end] = node.range
  // A block scalar's range goes on to the next line.
  while (end > 0 && /\s/.test(text[end - 1] as string)) end--
  return Math.max(end, node.range[0])
}

function endOfPair(yaml: Yaml, { key, value }: Pair<ParsedNode, ParsedNode | null>, text: string): number {
  if (value === null || (yaml.isScalar(value) && value.range[0] === value.range[1])) return key.range[1]
  return endOfNode(yaml, value, text)
}

interface Habits {
  /** One level of indentation. */
  step: string
  /** What stands before the dash of a sequence in a map, relative to the key. */
  dash: string
}

/** How the file indents; two spaces where it never does. */
function readHabits(yaml: Yaml, file: YamlFile): Habits {
  const column = (offset: number) => offset - (file.text.lastIndexOf('\n', offset - 1) + 1)
  let step: number | undefined
  let dash: number | undefined
  const visit = (node: unknown): void => {
    if (yaml.isSeq(node)) {
      for (const item of node.items) visit(item)
      return
    }
    if (!yaml.isMap(node) || node.flow === true) return
    for (const { key, value } of node.items as Pair<ParsedNode, ParsedNode | null>[]) {
      if (value !== null && (yaml.isMap(value) || yaml.isSeq(value)) && value.flow !== true) {
        const distance = column(value.range[0]) - column(key.range[0])
        const isOwnLine = file.text.slice(key.range[1], value.range[0]).includes('\n')
        if (isOwnLine && yaml.isSeq(value)) dash ??= distance
        else if (isOwnLine && distance > 0) step ??= distance
      }
      visit(value)
    }
  }
  for (const document of file.documents) visit(document.contents)
  return { step: ' '.repeat(step ?? 2), dash: ' '.repeat(dash ?? step ?? 2) }
}

function toBlock(key: string, value: YamlValue, indent: string, habits: Habits): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}${key}: []`]
    return [`${indent}${key}:`, ...value.map((item) => `${indent}${habits.dash}- ${toFlow(item as YamlValue)}`)]
  }
  if (typeof value === 'object')
    return [
      `${indent}${key}:`,
      ...Object.entries(value).flatMap(([name, each]) => toBlock(name, each as YamlValue, indent + habits.step, habits))
    ]
  return [`${indent}${key}: ${toFlow(value)}`]
}

/** A value on one line; a string without quotes where nothing could take it for something else. */
function toFlow(value: YamlValue): string {
  if (Array.isArray(value)) return `[${value.map((item) => toFlow(item as YamlValue)).join(', ')}]`
  if (typeof value === 'object')
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${toFlow(each as YamlValue)}`)
      .join(', ')} }`
  if (typeof value !== 'string') return String(value)
  // source: yaml.org/spec/1.1, 10.3: `no`, `on`, `~` and numbers are no strings
  const isPlain =
    /^[A-Za-z/][\w./-]*(?::[A-Za-z][\w=,./-]*)?$/.test(value) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)
  return isPlain ? value : JSON.stringify(value)
}
