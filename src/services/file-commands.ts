/** Commands of start scripts that write files, and where the path stands among their words. */
export interface FileCommand {
  programs: readonly string[]
  /** Words without a dash that are written. */
  words?: 'all' | 'last' | 'first'
  /** Flags whose value is written; a single letter may end a cluster (`-sSLo`). */
  flags?: readonly string[]
  /** Only with a word that matches. */
  onlyWith?: RegExp
  /** What is written is a directory that is filled. */
  isDirectory?: true
  /** The file is made anew beside the old one and renamed, so its directory must be writable. */
  replaces?: true
  source: string
}

// biome-ignore format: one row per entry
const fileCommands: readonly FileCommand[] = [
  { programs: ['touch', 'tee', 'sponge', 'mkfifo', 'truncate'], words: 'all', source: 'GNU coreutils manual; moreutils' },
  { programs: ['cp'], words: 'last', source: 'POSIX cp' },
  { programs: ['mv', 'ln', 'install', 'rsync'], words: 'last', replaces: true, source: 'POSIX mv, ln; rsync(1): a temporary file is renamed' },
  { programs: ['sed', 'gsed'], onlyWith: /^(?:-[a-zA-Z]*i|--in-place)/, replaces: true, source: 'GNU sed manual, --in-place' },
  { programs: ['find'], words: 'first', onlyWith: /^(?:-exec|-execdir|-delete|-ok)$/, isDirectory: true, source: 'find(1): what it runs on each file changes it' },
  { programs: ['perl'], words: 'last', onlyWith: /^-\w*i/, replaces: true, source: 'perlrun, -i' },
  { programs: ['yq'], words: 'last', onlyWith: /^(?:-\w*i|--inplace)$/, replaces: true, source: 'mikefarah/yq README' },
  { programs: ['curl'], flags: ['-o', '--output'], source: 'curl(1)' },
  { programs: ['wget'], flags: ['-O', '--output-document'], source: 'wget(1)' },
  { programs: ['wget'], flags: ['-P', '--directory-prefix'], isDirectory: true, source: 'wget(1)' },
  { programs: ['openssl'], flags: ['-out', '-keyout'], source: 'openssl(1)' },
  { programs: ['ssh-keygen'], flags: ['-f'], onlyWith: /^-t$/, source: 'ssh-keygen(1)' },
  { programs: ['keytool'], flags: ['-keystore'], onlyWith: /^-(?:import|gen)/, source: 'keytool manual of the JDK' },
  { programs: ['tar', 'bsdtar'], flags: ['-C', '--directory'], onlyWith: /^(?:-?\w*x\w*|--extract)$/, isDirectory: true, source: 'tar(1)' },
  { programs: ['unzip'], flags: ['-d'], isDirectory: true, source: 'unzip(1)' },
  { programs: ['crudini'], words: 'first', onlyWith: /^--(?:set|del|merge)$/, replaces: true, source: 'pixelb/crudini README' },
  { programs: ['htpasswd'], words: 'first', onlyWith: /^-\w*[cbi]/, source: 'htpasswd(1)' },
  { programs: ['gomplate'], flags: ['-o', '--out'], source: 'docs.gomplate.ca usage' },
  { programs: ['j2', 'jinja2', 'esh'], flags: ['-o', '--outfile'], source: 'kolypto/j2cli, mattrobenolt/jinja2-cli, jirutka/esh READMEs' }
]

let byProgram: Map<string, FileCommand[]> | undefined

/** The rows of a program, by the last part of its path. */
export function findFileCommands(name: string): readonly FileCommand[] {
  if (byProgram === undefined) {
    byProgram = new Map()
    for (const row of fileCommands)
      for (const program of row.programs) byProgram.set(program, [...(byProgram.get(program) ?? []), row])
  }
  return byProgram.get(name) ?? []
}
