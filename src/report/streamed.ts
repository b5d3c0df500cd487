import type { CompanionReport, FileReport } from '../types.ts'

/** A report that is written while its files come: thousands of them need no memory. */
export interface StreamedReport {
  /** The text that can be written now; '' when it has to wait. */
  add(file: FileReport): string
  /** The rest. */
  end(companions: readonly CompanionReport[]): string
}

/** A JSON array of which one entry comes after the other. */
export interface JsonList {
  add(entry: object): string
  /** Closes the array. */
  end(): string
}

/** @param indentation Of the entries, in spaces. */
export function createJsonList(indentation: number): JsonList {
  const margin = ' '.repeat(indentation)
  let isEmpty = true
  return {
    add(entry) {
      // Strings of JSON hold no line breaks, so every line can be moved to the right.
      const text = JSON.stringify(entry, null, 2).replaceAll('\n', `\n${margin}`)
      const separator = isEmpty ? '[\n' : ',\n'
      isEmpty = false
      return `${separator}${margin}${text}`
    },
    end: () => (isEmpty ? '[]' : `\n${margin.slice(2)}]`)
  }
}
