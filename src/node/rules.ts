import type { Rule } from '../plan/hazard.ts'

/** What can be wrong with a file before anybody has read what is in it, and after. */
export const fileRules = [
  {
    name: 'unreadable-file',
    severity: 'error',
    summary: 'The file cannot be read',
    description: [
      'The path does not exist, is no regular file (a folder, a socket, a pipe), is a link that leads nowhere or in',
      'circles, may not be read by this user, or is larger than 5 MiB, which no Dockerfile is.',
      '',
      'The file is reported as `failed` and the exit code is 2; every other file is still converted.'
    ].join('\n')
  },
  {
    name: 'not-text',
    severity: 'error',
    summary: 'The file is not UTF-8 text',
    description: [
      "BuildKit reads Dockerfiles as UTF-8. A file with other bytes (UTF-16, Latin-1, an editor's swap file) or with NUL",
      'bytes cannot be changed without damage, so it is left alone and reported as `failed`.',
      '',
      'Convert the file to UTF-8, or leave it out with `exclude` in the config.'
    ].join('\n')
  },
  {
    name: 'failed-write',
    severity: 'error',
    summary: 'The changed file could not be written',
    description: [
      'The folder or the file may not be written by this user, the disk is full, or the path is a link to a place outside',
      'the paths that were named on the command line, where nothing is ever written.',
      '',
      "Nothing is left half written: texts go to a temporary file in the same folder, which then takes the old one's",
      'place together with the files that have to change with it.'
    ].join('\n')
  },
  {
    name: 'companion-outside-paths',
    severity: 'info',
    summary: 'A file that could change with the Dockerfile lies outside the named paths',
    description: [
      'Some edits are better made in a file of the build context than in the Dockerfile: a `umask` belongs into the',
      'entrypoint script. Files outside the folders that were named on the command line are never changed, so the edit',
      'was made in the Dockerfile instead, or left out.',
      '',
      'Name a folder that holds both, for example `unroot .` at the top of the repository.'
    ].join('\n')
  },
  {
    name: 'internal-error',
    severity: 'error',
    summary: 'unroot itself failed on this file',
    description: [
      'A bug. The file is untouched and reported as `failed`; every other file is still converted. Please report it',
      'together with the Dockerfile.'
    ].join('\n')
  }
] as const satisfies readonly Rule[]

export type FileRuleName = (typeof fileRules)[number]['name']
