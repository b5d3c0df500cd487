import type { FileReport } from '../types.ts'

/** Remembers which Dockerfile is configured with which file, and which of them changed it. */
export interface SharedConfigs {
  /** Adds a finding where one Dockerfile of two changes what both use. `name` identifies a file. */
  note(report: FileReport, serverFiles: readonly string[], changed: ReadonlySet<string>): void
}

/** Starts the account of one run. */
export function createSharedConfigs(): SharedConfigs {
  const users = new Map<string, { path: string; isChanged: boolean }[]>()
  return {
    note(report, serverFiles, changed) {
      for (const name of serverFiles) {
        const isChanged = changed.has(name)
        const others = (users.get(name) ?? []).filter((other) => other.isChanged !== isChanged)
        users.set(name, [...(users.get(name) ?? []), { path: report.path, isChanged }])
        if (others.length === 0) continue
        const paths = others.map(({ path }) => path).join(', ')
        report.findings = [
          ...report.findings,
          {
            rule: 'shared-server-config',
            severity: 'warning',
            message: isChanged
              ? `${name} changes with this file, and configures the image of ${paths}, which is not converted`
              : `${name} changes with ${paths}, and configures this image, which is not converted`,
            help: 'Give each image a configuration of its own, or change the other Dockerfile by hand.',
            range: { start: { line: 1, column: 1 }, end: { line: 1, column: 1 } }
          }
        ]
        if (report.verdict === 'converted') report.verdict = 'needs-review'
      }
    }
  }
}
