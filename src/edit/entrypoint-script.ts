/** The script that takes over directories as root and becomes the user for good. */
import type { StepDownPlan } from '../plan/step-down.ts'
import { quotePath } from './quote-path.ts'

/**
 * The part that runs as root. `self`: what becomes of the process, `"$@"` or the script itself.
 *
 * A link is changed itself and never followed (`find` without -H, `chown -h`): the user owns what is below the
 * directories, and could have put there a link to a file of root's before the container was started again.
 */
function stepDownBlock(plan: StepDownPlan, self: string): string[] {
  const { uid, gid, chown } = plan.variables
  const [$uid, $gid] = [`"$${uid}"`, `"$${gid}"`]
  const both = `"$${uid}:$${gid}"`
  // source: shellcheck SC3028: the shell sets UID itself only where the environment does not
  const isShellVariable = [uid, gid].some((name) => /^(?:UID|EUID|GROUPS|HOSTNAME|RANDOM|SECONDS)$/.test(name))
  const become =
    plan.tool === 'setpriv'
      ? `exec setpriv --reuid=${$uid} --regid=${$gid} --clear-groups -- ${self}`
      : // source: ncopa/su-exec su-exec.c, tianon/gosu setup-user.go: HOME becomes / for a number without an account
        `exec ${plan.tool} ${both} env HOME="$HOME" ${self}`
  return [
    ...(isShellVariable ? [`# shellcheck disable=SC3028 # ${uid} is set by the image`] : []),
    'if [ "$(id -u)" = 0 ]; then',
    `    case ${both} in`,
    '        0* | :* | *: | *:*:* | *[!0-9:]*)',
    `            echo "$0: ${uid} must be a number above 0 and ${gid} a number, not '$${uid}' and '$${gid}'" >&2`,
    '            exit 64',
    '            ;;',
    '    esac',
    "    # Only what is somebody else's; a link itself, not what it points to. What is missing is skipped.",
    `    for path in ${[...plan.paths.map(quotePath), `\${${chown}:-}`].join(' ')}; do`,
    '        [ -e "$path" ] || continue',
    `        find "$path" \\( ! -user ${$uid} -o ! -group ${$gid} \\) -exec chown -h ${both} {} + ||`,
    `            echo "$0: not all of $path could be given to $${uid}:$${gid}" >&2`,
    '    done',
    "    # root's home is closed to the user.",
    `    if [ "\${HOME:-/root}" = /root ]; then export HOME=${quotePath(plan.home)}; fi`,
    `    ${become}`,
    'fi'
  ]
}

/** The whole script, for images without one. */
export function entrypointScript(plan: StepDownPlan): string {
  const { uid, gid, chown } = plan.variables
  const what = plan.paths.length > 0 ? `the paths below and those in $${chown}` : `the paths in $${chown}`
  return [
    '#!/bin/sh',
    `# Runs the command as $${uid}:$${gid}. Started as root, it first gives ${what} to that`,
    '# user; started as another user (docker run --user, runAsUser), it only runs the command.',
    'set -e',
    ...(plan.umask === undefined ? [] : [`umask ${plan.umask}`]),
    '',
    ...stepDownBlock(plan, '"$@"'),
    '',
    'exec "$@"',
    ''
  ].join('\n')
}

/** The text of a script that is there, with the change of user behind its shebang, its comments and its `set` lines. */
export function mergeStepDown(text: string, plan: StepDownPlan): string {
  const lines = text.split(/(?<=\n)/)
  let at = 1
  for (let index = 1; index < lines.length; index++) {
    const line = (lines[index] as string).trim()
    if (/^set\s+[-+][\w\s-]*$/.test(line) || /^umask\s+\d+$/.test(line)) at = index + 1
    else if (line !== '' && !line.startsWith('#')) break
    // Comments at the top belong to the script; those above a command belong to it.
    else if (line.startsWith('#') && lines.slice(1, index).every((each) => each.startsWith('#'))) at = index + 1
  }
  const head = lines.slice(0, at).join('')
  const { uid, gid } = plan.variables
  const block = [
    `# Started as root: take over what $${uid}:$${gid} has to write, and start again as that user.`,
    ...stepDownBlock(plan, '"$0" "$@"')
  ]
  const rest = lines.slice(at).join('')
  const gap = head.endsWith('\n') ? '\n' : '\n\n'
  return `${head}${gap}${block.join('\n')}\n${rest === '' || rest.startsWith('\n') ? '' : '\n'}${rest}`
}
