/** `node:fs` for codemod's engine: the few functions that reading needs, made of the fewer that the engine has. */
// biome-ignore lint/style/useNodejsImportProtocol: the engine's own, which reads below the target and follows no links
import * as fs from 'fs'

export const constants = { O_RDONLY: 0, O_NONBLOCK: 0 }

let opened = ''

/** A script reads one file after the other, so that one descriptor is enough. */
export function openSync(file: string): number {
  fs.statSync(file)
  opened = file
  return 0
}

export const closeSync = (): void => {}
export const fstatSync = (): fs.Stats => fs.statSync(opened)

export function readFileSync(file: string | number, encoding?: 'utf8'): string | Uint8Array {
  const name = typeof file === 'number' ? opened : file
  return encoding === undefined ? fs.readFileSync(name) : fs.readFileSync(name, encoding)
}

export function statSync(file: string, options?: { throwIfNoEntry?: boolean }): fs.Stats | undefined {
  try {
    return fs.statSync(file)
  } catch (error) {
    if (options?.throwIfNoEntry === false) return undefined
    throw error
  }
}

/** Links are out of reach there, so that nothing that can be looked at is one. */
export function lstatSync(file: string, options?: { throwIfNoEntry?: boolean }): object | undefined {
  const stats = statSync(file, options)
  return stats && { ...stats, isDirectory: () => stats.isDirectory(), isSymbolicLink: () => false }
}

export const existsSync = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined

/** The engine's own `withFileTypes` fails for the whole folder when there is one link in it. */
export function readdirSync(folder: string, options?: { withFileTypes?: boolean }): unknown[] {
  const names = fs.readdirSync(folder)
  if (!options?.withFileTypes) return names
  return names.map((name) => {
    const isDirectory = statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.isDirectory() ?? false
    return { name, isDirectory: () => isDirectory, isSymbolicLink: () => false }
  })
}

export const realpathSync = Object.assign((file: string) => file, { native: (file: string) => file })

export const writeFileSync: (file: string, text: string) => void = fs.writeFileSync

// These fetch the files that follow, and there is one file to a call.
export { absent as close, absent as open, absent as read } from './absent.ts'
