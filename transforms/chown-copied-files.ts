import { resolvePrincipal } from '../src/image/accounts.ts'
import { type Copy, readCopies } from '../src/plan/copies.ts'
import { findGitRuns } from '../src/plan/git-runs.ts'
import { isInside, isSystemDirectory } from '../src/plan/paths.ts'
import { bringsKey } from '../src/plan/private-keys.ts'
import { type RunFacts, readRunFacts } from '../src/plan/run-facts.ts'
import { isOwnedAlready, isWebRoot } from '../src/plan/writable-paths.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * What `ADD` fetches has mode 0600. A later `chmod +x` makes 0711 of it: enough for a program, not for a script.
 * source: Dockerfile reference, ADD "the destination will have permissions of 600"
 */
function isFetchedAndClosed(copy: Copy, facts: RunFacts): boolean {
  const { instruction, sources, destination, isDirectory } = copy
  if (instruction.keyword !== 'ADD' || instruction.flag('chmod') !== undefined) return false
  if (!sources.every((source) => /^https?:\/\//.test(source) && !/\.git(?:#.*)?$/.test(source))) return false
  const names = sources.map(
    (source) =>
      source
        .replace(/[?#].*$/, '')
        .split('/')
        .at(-1) ?? ''
  )
  const paths = isDirectory ? names.map((name) => `${destination}/${name}`) : [destination]
  return paths.some((path) => {
    const opened = [...facts.covering(path)].filter(
      (fact) => (fact.kind === 'open' || fact.kind === 'remove') && fact.instruction.index > instruction.index
    )
    const isScript = /\.(?:sh|bash|py|pl|rb|js)$/.test(path)
    return !opened.some(
      ({ kind, value }) => kind === 'remove' || (isScript ? /[4-7]$|[oa]\+\w*r|\+r/.test(value) : true)
    )
  })
}

/**
 * Puts `--chown=uid:gid` on each `COPY` and `ADD` that brings files of the application; `chown: 'all'` and `'none'` change which.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { chownCopiedFiles } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [chownCopiedFiles] })
 * text.includes('COPY --chown=1000:1000 . .') // => true
 * ```
 */
export const chownCopiedFiles = defineTransform({
  name: 'chown-copied-files',
  summary: 'Give copied application files to the user the image runs as',
  description: `\`COPY\` and \`ADD\` create files as root, whatever \`USER\` says. Those that land in the working directory, the new home, a
volume or another directory that the process writes get \`--chown=uid:gid\`, in numbers, so that no layer is stored twice.

So do private keys, wherever they land: \`openssl\`, \`ssh-keygen\` and \`mkcert\` close what they make to everybody but its owner,
and a \`COPY --from\` of it keeps the mode.

Left alone: system places (\`/etc\`, \`/usr/local/bin\`, ...), programs and web roots, which the process only reads: a user
that can overwrite its own program is what scanners complain about next. Copies that have a \`--chown\`, and those that
a later \`RUN chown -R\` gives to the user. Option \`chown\`: \`app\` (default), \`all\`, \`none\`.

\`\`\`diff
-COPY . .
+COPY --chown=10001:10001 . .
\`\`\``,
  apply({ dockerfile, image, stagePlan, options, edit, report }) {
    const mode = options.chown ?? 'app'
    if (mode === 'none') return
    const { user, paths, applicationDirectories } = stagePlan
    const facts = readRunFacts(dockerfile, image.lineage)
    const directories = [
      ...applicationDirectories,
      ...paths.filter((each) => each.kind === 'directory').map((each) => each.path),
      ...(user.ownHome !== undefined && !isSystemDirectory(user.ownHome) && !isWebRoot(user.ownHome)
        ? [user.ownHome]
        : [])
    ]
    const left: Copy[] = []
    for (const copy of readCopies(dockerfile, image.lineage)) {
      const { instruction, destination, state } = copy
      if (copy.isUnresolved) continue
      // A file that only its owner may read (a key, a token) must belong to the reader.
      const isPrivate =
        (/^0?[0-7]{2}0$/.test(instruction.flag('chmod')?.value ?? '') ||
          (instruction.flag('chmod') === undefined && bringsKey(dockerfile, copy, options))) &&
        !stagePlan.closedPrograms.some((path) => isInside(path, destination))
      const isFetched = isFetchedAndClosed(copy, facts)
      // A system place that the plan gives to the user is one that a start script writes.
      const isGiven = paths.some(
        (each) => each.kind === 'directory' && isSystemDirectory(each.path) && isInside(destination, each.path)
      )
      if (
        mode === 'app' &&
        !isPrivate &&
        !isFetched &&
        !isGiven &&
        isSystemDirectory(destination) &&
        !applicationDirectories.includes(destination)
      )
        continue
      if (
        mode === 'app' &&
        !isPrivate &&
        !isFetched &&
        !directories.some((directory) => isInside(destination, directory))
      )
        continue
      if (isOwnedAlready(destination, facts, user, image.final.accounts, instruction, true)) continue
      if (user.uid === undefined && !resolvePrincipal(user.text, state.accounts).isKnown) {
        // BuildKit turns a name that the image does not have yet silently into 0:0.
        if (instruction.flag('chown')?.value?.split(':')[0] !== user.text) left.push(copy)
        continue
      }
      const written = instruction.flag('chown')
      if (written !== undefined) {
        // BuildKit turns a name that the image does not have silently into 0:0, and an empty group into 0.
        const owner = resolvePrincipal(written.value ?? '', state.accounts)
        const isLost =
          image.base.image !== undefined &&
          !/[$]/.test(written.value ?? '$') &&
          (/:$/.test(written.value ?? '') || owner.uid === undefined)
        if (isLost && mode === 'app' && user.uid !== undefined)
          edit.replace(
            written.valueStart,
            written.valueEnd,
            user.text,
            `files in ${destination} belong to ${user.text}`
          )
        continue
      }
      edit.addFlag(instruction, `--chown=${user.text}`, `files in ${destination} belong to ${user.text}`)
    }
    for (const { instruction, directory } of findGitRuns(dockerfile, image, directories, options.readContext)) {
      const command = `git config --system --add safe.directory ${directory}`
      if (instruction.source.includes('safe.directory')) continue
      const message = `git reads ${directory} as root although it belongs to ${user.text}`
      if (instruction.json === undefined && instruction.heredocs.length === 0)
        edit.prependCommands(instruction, [command], message)
      else edit.insertBefore(instruction, `${edit.keyword('RUN')} ${command}`, message)
    }
    const { workdir } = image.final
    // It works where only root may write, and writing there is not seen in any file.
    const scattered =
      mode === 'app' &&
      stagePlan.server === undefined &&
      !isWebRoot(workdir) &&
      !applicationDirectories.includes(workdir) &&
      image.base.image?.workdir !== workdir
        ? readCopies(dockerfile, image.lineage).find(({ destination, from, sources, state }) =>
            workdir === '/'
              ? destination === '/' && from === undefined && sources.some((source) => /^\.?\/?$/.test(source))
              : state.workdir === workdir && isSystemDirectory(workdir) && isInside(destination, workdir)
          )
        : undefined
    if (scattered !== undefined)
      report({
        rule: 'path-left-to-root',
        severity: 'warning',
        message: `the application lies in ${workdir} and works there, where only root may write`,
        help: 'Give it a directory of its own: `WORKDIR /app` before the first COPY.',
        range: [scattered.instruction.start, scattered.instruction.raw.headEnd]
      })
    const [first] = left
    if (first !== undefined)
      report({
        rule: 'path-left-to-root',
        severity: 'warning',
        message: `files copied to ${[...new Set(left.map(({ destination }) => destination))].slice(0, 3).join(', ')}${left.length > 3 ? ', ...' : ''} stay root's: the uid of ${user.text} is not known before its RUN`,
        help: `Give ${user.text} a fixed uid (useradd --uid 10001), then run unroot again.`,
        range: [first.instruction.start, first.instruction.raw.headEnd]
      })
  }
})
