import { realpathSync } from 'node:fs'
import path from 'node:path'

/** `file` as reports name it: relative to `folder`, with `/`. */
export function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file)
  return path.sep === '/' ? relative : relative.split(path.sep).join('/')
}

/** Whether `file` is `folder` or lies below it. Both absolute; links are not followed. */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file)
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

/** The path without links; of what does not exist yet, the real folder and the name. */
export function realPath(file: string): string {
  try {
    return realpathSync.native(file)
  } catch {
    const folder = path.dirname(file)
    return folder === file ? file : path.join(realPath(folder), path.basename(file))
  }
}

/** `folder` and the folders above it, the nearest first, up to and with `top` (or the root of the file system). */
export function foldersUpward(folder: string, top?: string): string[] {
  const folders = [folder]
  for (let current = folder; current !== top; ) {
    const parent = path.dirname(current)
    if (parent === current) break
    folders.push(parent)
    current = parent
  }
  return folders
}
