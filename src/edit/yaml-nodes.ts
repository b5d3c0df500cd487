/** Reads YAML nodes: aliases, merges, scalars as they are written. */
import type { Pair, ParsedNode, Scalar, YAMLMap } from 'yaml'
import { findYaml } from '../yaml.ts'
import { findPair, type YamlFile } from './yaml-editor.ts'

export type ParsedDocument = YamlFile['documents'][number]

/** What an alias stands for; the node itself otherwise. */
export function resolveNode(node: unknown, document: ParsedDocument): ParsedNode | undefined {
  const library = findYaml()
  const found = library?.isAlias(node) === true ? node.resolve(document) : node
  return (found ?? undefined) as ParsedNode | undefined
}

/** A map and what it merges. */
export function mergedNodes(
  node: ParsedNode | undefined,
  document: ParsedDocument,
  seen: ReadonlySet<ParsedNode> = new Set()
): ParsedNode[] {
  if (node === undefined || seen.has(node)) return []
  const all = new Set([...seen, node])
  return [node, ...mergedInto(node, document).flatMap((each) => mergedNodes(each, document, all))]
}

/** The maps behind the `<<` of a map. */
export function mergedInto(node: unknown, document: ParsedDocument): ParsedNode[] {
  const library = findYaml()
  if (library?.isMap(node) !== true) return []
  return (node.items as Pair<ParsedNode, ParsedNode | null>[])
    .filter(({ key }) => library.isScalar(key) && isMergeKey(key))
    .flatMap(({ value }) => {
      const merged = resolveNode(value, document)
      const all = library.isSeq(merged) ? merged.items.map((item) => resolveNode(item, document)) : [merged]
      return all.filter((each) => each !== undefined)
    })
}

const isMergeKey = (key: Scalar): boolean =>
  key.value === '<<' || (typeof key.value === 'symbol' && key.value.description === '<<')

/** The text of a scalar; undefined for everything else. */
export function scalarText(node: unknown): string | undefined {
  const library = findYaml()
  if (library?.isScalar(node) !== true || node.value === null || node.value === undefined) return undefined
  // `80:80` is a string in YAML 1.2 and a number with base 60 in 1.1: what is written counts.
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}

/** The items of a sequence with aliases left out; a single scalar counts as one. */
export function listItems(node: unknown): ParsedNode[] {
  const library = findYaml()
  if (library?.isSeq(node) === true) return node.items as ParsedNode[]
  return library?.isScalar(node) === true && node.value !== null ? [node as ParsedNode] : []
}

/** The values of a map's own keys. */
export function mapValues(node: unknown): ParsedNode[] {
  if (findYaml()?.isMap(node) !== true) return []
  return (node as YAMLMap<ParsedNode, ParsedNode | null>).items.flatMap(({ value }) => value ?? [])
}

/** The pair of a key in a map or in what it merges; the map's own one comes first. */
export function findMergedPair(
  node: unknown,
  key: string,
  document: ParsedDocument
): Pair<ParsedNode, ParsedNode | null> | undefined {
  for (const map of mergedNodes(resolveNode(node, document), document)) {
    const pair = findPair(map, key)
    if (pair !== undefined) return pair
  }
  return undefined
}

/** The value of a key, aliases resolved and merges looked through. */
export const findValue = (node: unknown, key: string, document: ParsedDocument): ParsedNode | undefined =>
  resolveNode(findMergedPair(node, key, document)?.value, document)
