/** Pages about more than one rule or transform. */
import { runningAsRootPage } from './running-as-root.ts'

export interface Guide {
  name: string
  summary: string
  /** Markdown. */
  description: string
}

export const guides: readonly Guide[] = [
  {
    name: 'running-as-root',
    summary: 'What can be done for an image that must start as root',
    get description() {
      return runningAsRootPage()
    }
  }
]
