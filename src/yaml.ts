/**
 * The YAML library. Loading it costs as much as converting a hundred Dockerfiles, and most of them have no compose file
 * or manifest beside them: the command line loads it when it meets one, the library's entries bring it with them.
 */
import type * as YamlLibrary from 'yaml'

export type Yaml = Pick<
  typeof YamlLibrary,
  'parseAllDocuments' | 'isAlias' | 'isMap' | 'isPair' | 'isScalar' | 'isSeq' | 'LineCounter'
>

let library: Yaml | undefined

/** Tells the core which library to read YAML with; later calls change nothing. */
export function provideYaml(yaml: Yaml): void {
  library ??= yaml
}

/** Undefined: nobody has brought it, so YAML stays unread. */
export const findYaml = (): Yaml | undefined => library
