import { createSubstitute, resolvePath } from '../../image/image.ts'
import { defineHazard } from '../hazard.ts'
import { baseName, isPublicDirectory, isSystemDirectory } from '../paths.ts'
import { scriptWrites } from '../script-writes.ts'

/** Commands that fail for anybody but root. */
const rootCommands = new Set([
  'chown',
  'chgrp',
  'useradd',
  'adduser',
  'usermod',
  'userdel',
  'deluser',
  'groupadd',
  'addgroup',
  'groupmod',
  'groupdel',
  'passwd',
  'chpasswd',
  'update-ca-certificates',
  'update-ca-trust',
  'ldconfig',
  'a2enmod',
  'a2ensite',
  'a2dissite',
  'a2enconf',
  'visudo',
  'hostnamectl',
  'hostname',
  'swapon',
  'mknod',
  'setcap',
  'setfacl',
  'crontab'
])

export const scriptNeedsRoot = defineHazard({
  name: 'script-needs-root',
  severity: 'error',
  summary: 'A start script does what only root may do',
  description: `A script that the image starts changes owners or accounts, or writes to a system directory (\`/etc\`, \`/usr\`).
As another user that command fails, and most scripts stop at the first failure. The message names file and line.

What to do: move the step into the Dockerfile (a \`RUN\` before \`USER\`), or put it behind
\`if [ "$(id -u)" = 0 ]; then ...; fi\`, and convert again. A configuration that is written at the start belongs into a
directory that the user owns.`,
  *find({ image, startUp }) {
    const substitute = createSubstitute(image.final, startUp.variables)
    for (const { command, place, instruction } of startUp.commands) {
      if (command.guard === 'root') continue
      const at = instruction === undefined ? {} : { at: instruction }
      if (command.guard === 'non-root' && command.name === 'exit' && command.args[0]?.value !== '0') {
        yield {
          message: `${place} stops unless it is run as root`,
          help: 'Find out what in the script needs root; without that need, remove the test and convert again.',
          ...at
        }
        continue
      }
      const name = baseName(command.name)
      if (
        rootCommands.has(name) &&
        !(name === 'hostname' && command.args.length === 0) &&
        !(name === 'hostname' && command.args[0]?.value.startsWith('-')) &&
        !(name === 'crontab' && command.args[0]?.value === '-l')
      ) {
        yield {
          message: `${place} runs \`${[name, ...command.args.slice(0, 3).map((word) => word.text)].join(' ')}\`, which only root may do`,
          help: 'Do it in a RUN of the Dockerfile, or only `if [ "$(id -u)" = 0 ]`.',
          ...at
        }
        continue
      }
      for (const { path, isKnown } of scriptWrites(command, (text) => substitute(text))) {
        if (!isKnown) {
          if (command.guard === 'non-root' || /^["']?(?:\$\{?(?:HOME|TMPDIR|PWD)\b|\/(?:tmp|dev|proc)\/|~)/.test(path))
            continue
          yield {
            severity: 'warning',
            message: `${place} writes \`${path}\` (\`${name === '' ? '>' : name}\`), a place that the files do not tell`,
            help: 'Make sure that the user may write there: own it in a RUN, or set the variable in ENV.',
            ...at
          }
          break
        }
        const full = resolvePath(image.final.workdir, path)
        if (isPublicDirectory(full) || !isSystemDirectory(full)) continue
        if (/^\/(home|data|srv|opt|mnt|media|run|var|usr)$/.test(full) && name === 'mkdir') continue
        yield {
          message: `${place} writes ${full} (\`${name === '' ? '>' : name}\`), which belongs to root`,
          help: 'Write it at build time, or to a directory that the user owns.',
          ...at
        }
        break
      }
    }
  }
})
