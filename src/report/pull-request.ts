import type { CompanionReport, FileReport, Report } from '../types.ts'

/** A pull request text: the title, an empty line, then what changes in each file and what is left to a person. */
export function formatPullRequest(report: Pick<Report, 'files' | 'companions'>): string {
  const changed = report.files.filter((file) => file.changed)
  const untouched = report.files.filter(
    (file) => !file.changed && file.findings.some(({ severity }) => severity !== 'info')
  )
  const companions = report.companions.filter((companion) => companion.changed)
  const sections = [
    ...changed.map(describeFile),
    ...companions.map(describeCompanion),
    ...(untouched.length > 0 ? ['## Not changed', ...untouched.map(describeFile)] : [])
  ]
  return `${[pullRequestTitle(changed), ...sections].join('\n\n')}\n`
}

function pullRequestTitle(changed: readonly FileReport[]): string {
  const [first] = changed
  if (first === undefined) return 'No container image needs a change to run as a non-root user'
  if (changed.length === 1) return `Run the image of ${first.path} as a non-root user`
  return `Run ${changed.length} container images as a non-root user`
}

function describeFile({ path, verdict, user, changes, findings }: FileReport): string {
  const runsAs = user && (user.uid ?? user.name) !== null ? `, runs as \`${describeUser(user)}\`` : ''
  const lines = [
    `### ${code(path)}`,
    '',
    `Verdict: ${verdict}${runsAs}`,
    ...(changes.length > 0 ? [''] : []),
    ...changes.map(({ message, range }) => `- line ${range.start.line}: ${plain(message)}`),
    ...(findings.length > 0 ? ['', 'To look at:', ''] : []),
    ...findings.map(({ rule, severity, message, help, accepted }) => {
      const remedy = accepted ? `Accepted: ${plain(accepted.reason)}` : plain(help)
      return `- **${severity}** \`${rule}\`: ${plain(message)}. ${remedy}`.replace('.. ', '. ').trimEnd()
    })
  ]
  return lines.join('\n')
}

function describeUser({ uid, gid, name }: NonNullable<FileReport['user']>): string {
  const numbers = uid === null ? '' : gid === null ? `${uid}` : `${uid}:${gid}`
  if (numbers === '') return name ?? ''
  return name === null ? numbers : `${numbers} (${name})`
}

function describeCompanion({ path, for: dockerfiles, created }: CompanionReport): string {
  return `### ${code(path)}\n\n${created ? 'New' : 'Changed'} for ${dockerfiles.map(code).join(', ')}.`
}

/** Text of a Dockerfile must not become markup of the page. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[<>]/g, (character) => (character === '<' ? '&lt;' : '&gt;'))
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text.replace(/\s/g, ' ')}${fence}`
}
