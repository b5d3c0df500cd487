import { defineHazard } from '../hazard.ts'

const installs: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(apt-get|apt|apk|yum|dnf|microdnf|zypper|pacman|dpkg|rpm)$/,
    /^(install|add|update|upgrade|dist-upgrade|-i|-U|-S|-Sy)$/
  ],
  [/^npm$/, /^(-g|--global)$/],
  [/^yarn$/, /^global$/],
  [/^gem$/, /^install$/]
]

export const runtimePackageInstall = defineHazard({
  name: 'runtime-package-install',
  severity: 'error',
  summary: 'Packages are installed into the system when the container starts',
  description: `The command or a start script runs \`apt-get install\`, \`apk add\`, \`npm install -g\` or the like. Only root may
change the system's packages. Move the install into a \`RUN\` of the Dockerfile; the container then starts faster, and
without network.`,
  *find({ startUp }) {
    for (const { name, args, place, instruction, guard } of startUp.programs) {
      if (guard === 'root') continue
      const found = installs.find(([tool, verb]) => tool.test(name) && args.some((word) => verb.test(word)))
      if (found === undefined) continue
      yield {
        message: `${place} runs \`${[name, ...args.slice(0, 3)].join(' ')}\` at every start`,
        help: 'Install it in a RUN of the Dockerfile.',
        ...(instruction === undefined ? {} : { at: instruction })
      }
    }
    for (const { name, args, place, instruction, guard } of startUp.programs) {
      if (guard === 'root' || !/^(pip3?|python3?)$/.test(name)) continue
      const text = args.join(' ')
      if (/^(-m pip )?install\b/.test(text) && !/--user|--target|-t /.test(text))
        yield {
          severity: 'warning',
          message: `${place} runs \`${name} ${args.slice(0, 3).join(' ')}\` at every start: as another user it installs into the home directory`,
          help: 'Install it in a RUN of the Dockerfile.',
          ...(instruction === undefined ? {} : { at: instruction })
        }
    }
  }
})
