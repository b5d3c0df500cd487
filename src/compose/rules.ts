/** Rules of the findings about compose files. */
import type { Rule } from '../plan/hazard.ts'

export const composeRules: readonly Rule[] = [
  {
    name: 'compose-left',
    severity: 'warning',
    summary: 'Something in a compose file has to change, and unroot does not change it',
    description: `The value hangs on a variable, is shared with a service of another image by an anchor, is one port of a range, or means
the host's own network; or \`--no-companions\` leaves compose files to you. The message says the line and the new value.`
  },
  {
    name: 'compose-user',
    severity: 'warning',
    summary: 'A compose file says another user than the image',
    description: `\`user:\` of a service wins over \`USER\` of its image. \`user: root\` keeps the service running as root: remove it when
what it was there for is done by the image now. Another number may not write what the image gives to its own user.`
  },
  {
    name: 'old-port-elsewhere',
    severity: 'warning',
    summary: 'A file of another service reaches the old port',
    description: `Services of one compose file find each other by name: \`proxy_pass http://api\` in the configuration of another
service means port 80 of this one, which moves. The compose file itself is changed; files of other services are named.`
  },
  {
    name: 'read-only-left',
    severity: 'info',
    summary: 'With --harden: a service keeps its writable file system',
    description: `\`read_only: true\` is set only where everything that the process writes is a volume or may be empty at each start (then
it becomes a \`tmpfs\`). A working directory that belongs to the user may hold data: mount a volume there, or set
\`read_only\` by hand when nothing is written.`
  },
  {
    name: 'unread-compose',
    severity: 'warning',
    summary: 'A compose file beside the Dockerfile is no valid YAML',
    description: `Which services it builds, which ports it publishes and what it mounts is not known, so nothing in it is changed. Correct
it and run unroot again.`
  }
]
