/** Commands that write code into `node_modules`; an install in a `RUN` has left that to root. */
export interface Generator {
  program: string
  /** Matches the words behind the program. */
  when: RegExp
  /** What it writes, for the finding. */
  writes: string
  source: string
}

// biome-ignore format: one row per entry
export const generators: readonly Generator[] = [
  { program: 'prisma', when: /^(?:generate|db (?:push|pull)|migrate (?:dev|reset))\b(?!.*--skip-generate)/, writes: 'node_modules/.prisma', source: 'prisma.io/docs/orm/reference/prisma-cli-reference: db push and migrate dev trigger generators; formbricks/formbricks 3a00181e37' },
  { program: 'patch-package', when: /./, writes: 'node_modules', source: 'ds300/patch-package README' },
  { program: 'ngcc', when: /./, writes: 'node_modules', source: 'angular.dev ngcc: compiles packages in place' },
  { program: 'npm', when: /^(?:ci|clean-install|install|i|rebuild|update|prune|dedupe)\b(?!.*(?:^|\s)(?:-g|--global))/, writes: 'node_modules', source: 'docs.npmjs.com cli commands' },
  { program: 'yarn', when: /^(?:$|--|install\b|add\b|upgrade\b)/, writes: 'node_modules', source: 'classic.yarnpkg.com cli' },
  { program: 'pnpm', when: /^(?:install|i|add|update|rebuild)\b(?!.*(?:^|\s)(?:-g|--global))/, writes: 'node_modules', source: 'pnpm.io cli' },
  { program: 'bun', when: /^(?:install|i|add|update)\b/, writes: 'node_modules', source: 'bun.sh docs cli install' }
]

/** Installs that fill `node_modules`. */
export const fillsPackages =
  /\b(?:npm\s+(?:-\S+\s+)*(?:ci|clean-install|install|i)\b|yarn(?:\s+install|\s+--|\s*$|\s*&)|pnpm\s+(?:install|i)\b|bun\s+(?:install|i)\b)(?!\s+(?:\S+\s+)*(?:-g|--global)\b)/m
