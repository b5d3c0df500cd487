/** `--pr-body-file`: a pull request text for a reviewer who has never heard of the tool. */
import { version } from '../../package.json'
import type { Change, CompanionReport, FileReport, Finding, Report } from '../types.ts'
import type { Verification } from '../verify/types.ts'
import { readEdits } from './edits.ts'
import { homePage } from './links.ts'
import { code, codeBlock, plain, ruleLink } from './markup.ts'
import { describeUser, isCompanionChange, withHelp } from './pending.ts'
import { reasonOf } from './reasons.ts'
import { createEntries, type Entry, layOut, type Section } from './sections.ts'
import { printable } from './summary.ts'
import { formatVerificationMarkdown } from './verification.ts'

// source: docs.github.com, REST API of pull requests: a body takes 65,536 characters, a title 256
const bodyLimit = 60_000
const titleLimit = 200

/** Takes files one after the other and keeps a few lines of each. */
export interface PullRequestText {
  add(file: FileReport): void
  /** The title, an empty line and the body. */
  end(companions: readonly CompanionReport[], verification?: Verification): string
}

type User = NonNullable<FileReport['user']>

/** Starts the text. */
export function createPullRequestText(): PullRequestText {
  const review = createEntries(bodyLimit)
  const volumes = createEntries(bodyLimit)
  const changed = createEntries(bodyLimit)
  const untouched = createEntries(bodyLimit)
  const converted: { path: string; user: User | null }[] = []
  return {
    add(file) {
      const { path, user, verdict, findings } = file
      if (file.changed) {
        changed.add(path, describeFile(file))
        if (verdict !== 'already-non-root') converted.push({ path, user })
        for (const finding of findings.filter(needsReview)) review.add(path, reviewItem(path, finding))
        const commands = findings.flatMap(({ help }) => ownerCommand.exec(help)?.[0] ?? [])
        if (commands.length > 0) volumes.add(path, [...new Set(commands)].join('\n'))
      } else for (const finding of findings.filter(isReason)) untouched.add(path, leftItem(file, finding))
    },
    end(companions, verification) {
      const beside = companions.filter(({ diff }) => diff !== '')
      const title = shorten(titleOf(changed.list, converted.length, untouched.list.length > 0))
      const room = bodyLimit - title.length - 3
      const sections: Section[] = [
        { head: introduction(changed.list.length, converted.length, verification), entries: [] },
        ...(changed.list.length > 0 ? [reviewSection(review.list)] : []),
        ...(converted.length > 0 ? [volumeSection(volumes.list, converted)] : []),
        { head: changed.list.length === 0 ? '' : '## What changes', entries: changed.list },
        {
          head: beside.length === 0 ? '' : '## Files that change with them',
          entries: beside.map(describeCompanion),
          separator: '\n'
        },
        {
          head:
            untouched.list.length === 0
              ? ''
              : '## Not changed\n\nNo byte of these files changes. Each says why, and what can be done instead.',
          entries: untouched.list,
          separator: '\n'
        },
        verificationSection(verification, changed.list.length > 0, Math.floor(room / 4))
      ]
      return `${title}\n\n${layOut(sections, room)}\n`
    }
  }
}

/** The text of a whole report. */
export function formatPullRequest(
  { files, companions }: Pick<Report, 'files' | 'companions'>,
  verification?: Verification
): string {
  const text = createPullRequestText()
  for (const file of files) text.add(file)
  return text.end(companions, verification)
}

/** The command that existing-volume-data proposes. */
const ownerCommand = /docker run --rm --user 0 .*chown -R .*$/

const needsReview = ({ severity, accepted }: Finding): boolean => severity === 'warning' && accepted === undefined
const isReason = ({ severity }: Finding): boolean => severity !== 'info'

function titleOf(changed: readonly Entry[], converted: number, isAnyLeft: boolean): string {
  const [first] = changed
  if (first === undefined)
    return isAnyLeft
      ? 'No container image is changed to run as a non-root user'
      : 'No container image needs a change to run as a non-root user'
  const path = printable(first.path)
  if (converted === 0)
    return changed.length === 1
      ? `Change the non-root image of ${path}`
      : `Change ${changed.length} non-root container images`
  if (changed.length === 1) return `Run the image of ${path} as a non-root user`
  return `Run ${converted} container ${converted === 1 ? 'image' : 'images'} as a non-root user`
}

const shorten = (title: string): string => (title.length <= titleLimit ? title : `${title.slice(0, titleLimit - 1)}…`)

function introduction(changed: number, converted: number, verification: Verification | undefined): string {
  const failed = verification?.summary.failed ?? 0
  const tool = `[unroot](${homePage}) ${version}`
  if (changed === 0) return `${tool} found nothing to change.`
  if (converted === 0)
    return `These images run as a non-root user already; ${tool} made the changes that it was asked for.`
  const [what, how, object] =
    converted === 1
      ? ['This image runs its program as root today', 'it runs as a user without privileges', 'it']
      : [`These ${converted} images run their programs as root today`, 'each runs as a user without privileges', 'them']
  return [
    `${what}: whoever breaks into the program is root in the container, and platforms that forbid root (Kubernetes' \`runAsNonRoot\`, OpenShift) do not start ${object}. With this change ${how}.`,
    `A \`USER\` line alone often breaks an image, so whatever follows from it is changed too: who owns files, where the program can write, on which port it listens. ${tool} made the changes from the Dockerfiles and the files beside them; nothing else was touched.${verification === undefined ? ' Nothing was built or started for it.' : ''}`,
    ...(failed === 0
      ? []
      : [
          `**${failed} ${failed === 1 ? 'image does' : 'images do'} not pass the verification below: do not merge as it is.**`
        ])
  ].join('\n\n')
}

function reviewSection(entries: readonly Entry[]): Section {
  if (entries.length === 0)
    return {
      head: '## To review',
      entries: [],
      tail: 'No question is open that the files leave unanswered: read the diff as any other.'
    }
  return {
    head: '## To review\n\nThese points cannot be known from the files. Please look at each before you merge:',
    entries,
    separator: '\n',
    noun: 'file'
  }
}

const reviewItem = (path: string, { rule, message, help, range }: Finding): string =>
  `- [ ] ${code(path)} line ${range.start.line}, ${ruleLink(rule)}: ${plain(withHelp(message, help))}`

function volumeSection(entries: readonly Entry[], converted: readonly { user: User | null }[]): Section {
  const users = new Set(converted.map(({ user }) => numbersOf(user)))
  const [numbers = 'UID:GID'] = users.size === 1 ? users : []
  const head =
    '## Existing volumes\n\nNew volumes get the right owner by themselves. A volume or a mounted directory to which the old image has written belongs to root, and the new user cannot write there. Stop the container and run once, for each such volume (its name for `NAME`):'
  if (entries.length === 0)
    return {
      head,
      entries: [],
      tail: `${codeBlock('sh', `docker run --rm --user 0 --volume NAME:/data busybox chown -R ${numbers} /data`)}\n\n${numbers === 'UID:GID' ? 'The numbers stand below with each image. ' : ''}The files name no volume, so this may be nothing. On Kubernetes \`fsGroup\` does it.`
    }
  return {
    head,
    entries: entries.map(({ path, text }) => ({ path, text: `${code(path)}\n\n${codeBlock('sh', text)}` })),
    tail: 'On Kubernetes `fsGroup` does it.'
  }
}

function numbersOf(user: User | null): string {
  if (user === null || user.uid === null) return 'UID:GID'
  return `${user.uid}:${user.gid ?? user.uid}`
}

const sources: Record<User['source'], string> = {
  created: 'an account that this change creates',
  dockerfile: 'an account that the Dockerfile has already',
  'base-image': 'an account of the base image',
  numeric: 'numbers without an account'
}

function describeFile({ path, verdict, user, changes, findings, writablePaths }: FileReport): string {
  const name = user && describeUser(user)
  const runsAs = name
    ? [
        `Runs as ${code(name)}, ${sources[user.source]}${verdict === 'already-non-root' ? '' : '; until now as root'}.`,
        ''
      ]
    : []
  const notes = findings.filter(({ severity, accepted }) => severity === 'info' || accepted !== undefined)
  return [
    `### ${code(path)}`,
    '',
    ...runsAs,
    ...groupChanges(changes).map((group, index, groups) =>
      changeItem(group, writablePaths, groups[index + 1]?.[0]?.transform)
    ),
    ...notes.map(
      ({ message, help, accepted, range }) =>
        `- Note, line ${range.start.line}: ${plain(accepted ? `${message} (accepted: ${accepted.reason})` : withHelp(message, help))}`
    )
  ].join('\n')
}

/** The same edit on several lines is one change to a reader. */
function groupChanges(changes: readonly Change[]): Change[][] {
  const groups = new Map<string, Change[]>()
  for (const change of changes) {
    const key = `${change.transform} ${isCompanionChange(change)} ${change.message}`
    groups.set(key, [...(groups.get(key) ?? []), change])
  }
  return [...groups.values()]
}

/** The reason stands once behind what one transform has done. */
function changeItem(
  group: readonly Change[],
  writablePaths: FileReport['writablePaths'],
  next: string | undefined
): string {
  const [{ transform, message } = { transform: '', message: '' }] = group
  const lines = [...new Set(group.filter((change) => !isCompanionChange(change)).map(({ range }) => range.start.line))]
  const place = lines.length === 0 ? '' : `${lines.length === 1 ? 'Line' : 'Lines'} ${enumerate(lines)}: `
  const words = new Set(message.split(' '))
  const known = transform === 'own-writable-paths' ? writablePaths.filter(({ path }) => words.has(path)) : []
  const evidence = known.map(({ path, reason }) => (known.length === 1 ? reason : `${path}: ${reason}`)).join('; ')
  return `- ${place}${plain(`${message}${evidence === '' ? '' : ` (${evidence})`}.`)} ${next === transform ? '' : reasonOf(transform)}`.trimEnd()
}

function enumerate(lines: readonly number[]): string {
  return lines.length < 2 ? `${lines[0]}` : `${lines.slice(0, -1).join(', ')} and ${lines.at(-1)}`
}

function describeCompanion({ path, for: dockerfiles, created, diff }: CompanionReport): Entry {
  const places = readEdits(diff).length
  const what = created ? 'new' : `${places} ${places === 1 ? 'place' : 'places'}`
  return { path, text: `- ${code(path)} (${what}), for ${dockerfiles.map(code).join(', ')}` }
}

function leftItem({ path, verdict }: FileReport, { rule, severity, message, help, range, accepted }: Finding): string {
  const kind =
    verdict === 'refused' && severity === 'error'
      ? 'stays root’s'
      : verdict === 'failed'
        ? 'could not be read'
        : 'not changed'
  const remedy = accepted ? `Accepted: ${plain(accepted.reason)}` : help === '' ? '' : `What to do: ${plain(help)}`
  return `- ${code(path)} line ${range.start.line}, ${kind}, ${ruleLink(rule)}: ${plain(withHelp(message, ''))} ${remedy}`.trimEnd()
}

function verificationSection(verification: Verification | undefined, isAnyChanged: boolean, limit: number): Section {
  if (verification === undefined)
    return {
      head: isAnyChanged ? '## Verification' : '',
      entries: [],
      ...(isAnyChanged && {
        tail: 'Nothing was built or started for this text. `npx unroot verify PATH` builds and starts each image before and after the change and compares the two.'
      })
    }
  return { head: shortVerification(verification, limit), entries: [] }
}

/** Failures first: they are what a reader must see. */
function shortVerification(verification: Verification, limit: number): string {
  const rank = { failed: 0, verified: 1, 'not-verified': 2 }
  const files = [...verification.files].sort((a, b) => rank[a.status] - rank[b.status])
  let count = files.length
  let text = formatVerificationMarkdown(verification)
  while (text.length > limit && count > 0) {
    count = Math.floor(count / 2)
    text = formatVerificationMarkdown({ ...verification, files: files.slice(0, count) })
  }
  const left = files.length - count
  return left === 0
    ? text.trimEnd()
    : `${text.trimEnd()}\n\n**${left} more ${left === 1 ? 'image' : 'images'} left out here: this text has a limit of its length.**`
}
