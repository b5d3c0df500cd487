/** Where a config file is looked for. Data only: a repository that is looked at must not run its code in the looker. */
export const searchPlaces = [
  'package.json',
  '.unrootrc',
  '.unrootrc.json',
  '.unrootrc.yaml',
  '.unrootrc.yml',
  '.config/unrootrc',
  '.config/unrootrc.json',
  '.config/unrootrc.yaml',
  '.config/unrootrc.yml',
  'unroot.config.json',
  'unroot.config.yaml',
  'unroot.config.yml'
]
