import { resolvePrincipal } from '../../image/accounts.ts'
import { createSubstitute, resolvePath } from '../../image/image.ts'
import { findArgumentWrites } from '../../services/program-writes.ts'
import { defineHazard } from '../hazard.ts'
import { baseName, isPublicDirectory, isSystemDirectory, parentDirectory } from '../paths.ts'
import { type ScriptWrite, scriptWrites } from '../script-writes.ts'
import { findGrant } from '../system-grants.ts'
import { resolveWrite } from '../writable-paths.ts'

/** Commands that fail for anybody but root; `chown`, `chgrp` and `setfacl` are looked at for themselves. */
const rootCommands = new Set([
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
  'crontab'
])

/**
 * Scripts that fetch their build tool to the home of whoever starts them; `development-server` says what that means.
 *
 * source: apache/maven-wrapper only-mvnw (MAVEN_USER_HOME, `mktemp -d`), gradle/gradle gradlew (GRADLE_USER_HOME)
 */
const downloadsForItself = /(?:^|\/)(?:mvnw|gradlew) line \d+$/

export const scriptNeedsRoot = defineHazard({
  name: 'script-needs-root',
  severity: 'error',
  summary: 'A start script does what only root may do',
  description: `A script that the image starts changes owners or accounts, or writes to a system directory (\`/etc\`, \`/usr\`).
As another user that command fails, and most scripts stop at the first failure. The message names file and line.

Three things are told apart. A write that can be limited to the application's own place (\`/etc/app/app.conf\`) is no
finding: that file or directory is given to the user. What fails without harm (\`|| true\`; a \`chown\` in a script without
\`set -e\`) is a warning. The rest is an error.

What to do: move the step into the Dockerfile (a \`RUN\` before \`USER\`), or put it behind
\`if [ "$(id -u)" = 0 ]; then ...; fi\`, and convert again. A configuration that is written at the start belongs into a
directory that the user owns.`,
  *find({ image, startUp, copies, runFacts, user }) {
    const substitute = createSubstitute(image.final, startUp.variables)
    const isWritableAsked = (path: string) =>
      startUp.scripts.some((script) => script.text !== undefined && asksWritable(script.text, path))
    for (const { command, place, instruction, directory } of startUp.commands) {
      if (command.guard === 'root') continue
      const at = instruction === undefined ? {} : { at: instruction }
      const status = command.args[0]?.value
      if (command.guard === 'non-root' && command.name === 'exit' && status !== '0') {
        yield {
          message: `${place} stops unless it is run as root`,
          help: 'Find out what in the script needs root; without that need, remove the test and convert again.',
          ...at
        }
        continue
      }
      const name = baseName(command.name)
      const shown = `\`${[name, ...command.args.slice(0, 3).map((word) => word.text)].join(' ')}\``
      const isForgiven = command.failure === 'accepted'
      if (name === 'chown' || name === 'chgrp') {
        const goesOn =
          isForgiven || command.failure === 'unnoticed' || (command.failure === 'plain' && !command.stopsOnError)
        const words = command.args.filter((word) => !word.value.startsWith('-'))
        const values = words.map((word) => (word.isStatic ? word.value : substitute(word.value)))
        const owner =
          name === 'chown' && values[0] !== undefined ? resolvePrincipal(values[0], image.final.accounts) : undefined
        const isSame =
          owner !== undefined &&
          ((owner.uid !== undefined && owner.uid === user.uid) ||
            (owner.name !== undefined && owner.name === user.name))
        const isKnown = values
          .slice(1)
          .every((value) => value !== undefined && !isSystemDirectory(resolvePath(directory ?? '/', value)))
        if (isSame && isKnown && goesOn) continue
        if (goesOn || (isSame && isKnown))
          yield {
            severity: 'warning',
            message: isSame
              ? `${place} runs ${shown}: it works as long as everything there belongs to ${user.text} already`
              : `${place} runs ${shown}, which fails without root; the script goes on`,
            help: 'Files that are there from earlier runs need one `chown` to UID:GID; then the line can go.',
            ...at
          }
        else
          yield {
            message: `${place} runs ${shown}, which only root may do`,
            help: 'Do it in a RUN of the Dockerfile, or only `if [ "$(id -u)" = 0 ]`.',
            ...at
          }
        continue
      }
      if (name === 'setfacl') {
        // source: setfacl(1): the owner of a file may change its list, as root may
        const paths = aclTargets(command.args).map((word) => (word.isStatic ? word.value : substitute(word.value)))
        const mayBeOwn =
          paths.length > 0 &&
          paths.every(
            (path) =>
              path !== undefined &&
              (path.startsWith('/') || directory !== undefined) &&
              !isSystemDirectory(resolvePath(directory ?? '/', path))
          )
        if (mayBeOwn && isForgiven) continue
        yield {
          ...(mayBeOwn || isForgiven ? { severity: 'warning' } : {}),
          message: mayBeOwn
            ? `${place} runs ${shown}: it works as long as everything there belongs to ${user.text} already`
            : `${place} runs ${shown}, which only root and the owner of the files may do${isForgiven ? '; the script goes on without it' : ''}`,
          help: mayBeOwn
            ? 'As the process owns these files, the line is not needed any more; files from earlier runs need one `chown`.'
            : 'Do it in a RUN of the Dockerfile, or only `if [ "$(id -u)" = 0 ]`.',
          ...at
        }
        continue
      }
      if (
        rootCommands.has(name) &&
        !(name === 'hostname' && command.args.length === 0) &&
        !(name === 'hostname' && command.args[0]?.value.startsWith('-')) &&
        !(name === 'crontab' && command.args[0]?.value === '-l')
      ) {
        yield {
          ...(isForgiven ? { severity: 'warning' } : {}),
          message: `${place} runs ${shown}, which only root may do${isForgiven ? '; the script goes on without it' : ''}`,
          help: 'Do it in a RUN of the Dockerfile, or only `if [ "$(id -u)" = 0 ]`.',
          ...at
        }
        continue
      }
      for (const write of scriptWrites(command, substitute)) {
        const full = resolveWrite(write, directory, user)
        if (full === undefined) {
          const { path } = write
          if (downloadsForItself.test(place)) continue
          if (command.guard === 'non-root' || /^["']?(?:\$\{?(?:HOME|TMPDIR|PWD)\b|\/(?:tmp|dev|proc)\/|~)/.test(path))
            continue
          // A glob is what the shell finds: it is no place of its own.
          if (write.isKnown && !path.startsWith('/') && directory !== undefined) continue
          yield {
            severity: 'warning',
            message: `${place} writes \`${path}\` (\`${name === '' ? '>' : name}\`), a place that the files do not tell`,
            help: 'Make sure that the user may write there: own it in a RUN, or set the variable in ENV.',
            ...at
          }
          break
        }
        if (isPublicDirectory(full) || !(isSystemDirectory(full) || isSystemFile(full, write))) continue
        if (name === 'mkdir' && isAlwaysThere.test(full)) continue
        if (findGrant(full, write, { image, copies, facts: runFacts, startUp }) !== undefined) continue
        if (isWritableAsked(full)) continue
        const isZone = /^\/etc\/(?:localtime|timezone|TZ)$/.test(full)
        const isHarmless = isForgiven || (isZone && !command.stopsOnError && command.failure !== 'required')
        yield {
          ...(isHarmless ? { severity: 'warning' } : {}),
          message: `${place} writes ${full} (\`${name === '' ? '>' : name}\`), which belongs to root${isHarmless ? '; the script goes on without it' : ''}`,
          help: isZone
            ? 'The variable TZ does the same for the process: set it where the container is started, and drop the line.'
            : 'Write it at build time, or to a directory that the user owns.',
          ...at
        }
        break
      }
    }
    for (const { name, args, place, instruction, guard } of startUp.programs) {
      if (guard === 'root') continue
      for (const { path, kind, flag } of findArgumentWrites(name, args))
        if (kind === 'replaced' && isSystemDirectory(parentDirectory(path)) && !isPublicDirectory(path))
          yield {
            message: `${place}: \`${name} ${flag}\` makes ${path} by renaming a file, and ${parentDirectory(path)} belongs to root`,
            help: 'Let it point to a directory that the user owns, or to /tmp.',
            ...(instruction === undefined ? {} : { at: instruction })
          }
    }
  }
})

/** Directories of every image, which `mkdir -p` leaves as they are. */
const isAlwaysThere =
  /^\/(?:[a-z]+|usr\/(?:bin|lib|sbin|share|local)|usr\/local\/(?:bin|etc|lib|sbin|share)|var\/(?:cache|lib|local|lock|log|opt|run|spool|tmp)|run\/lock)$/

/** A file directly in `/etc` whose directory nobody but root may change. */
const isSystemFile = (path: string, { kind, replaces }: ScriptWrite): boolean =>
  kind === 'file' && replaces && /^\/[^/]*$/.test(parentDirectory(path)) && parentDirectory(path) === '/etc'

/** `[ -w /etc/passwd ]` in front: without the right, the write is left out. */
const asksWritable = (text: string, path: string): boolean =>
  new RegExp(`-w\\s+["']?${path.replace(/[.*+?()[\]{}|^$\\]/g, '\\$&')}(?![\\w/.-])`).test(text)

/** What `setfacl` works on: neither an option nor the list that one takes. */
const aclTargets = <Word extends { value: string }>(args: readonly Word[]): Word[] =>
  args.filter(
    ({ value }, index) =>
      !value.startsWith('-') &&
      !/^-[a-zA-Z]*[mxMX]$|^--(?:modify|remove|modify-file|remove-file|set|set-file|restore)$/.test(
        args[index - 1]?.value ?? ''
      )
  )
