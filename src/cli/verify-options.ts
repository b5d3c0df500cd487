import { type Command, InvalidArgumentError, Option } from 'commander'
import { collect, type Flags } from './flags.ts'

export const verifyFormats = ['text', 'json', 'markdown'] as const

/** The flags of `unroot verify`; those of the rewrite are the same. */
export interface VerifyFlags extends Omit<Flags, 'format'> {
  format: (typeof verifyFormats)[number]
  engine?: string
  buildArg?: string[]
  env?: string[]
  runArg?: string[]
  command?: string
  http?: string
  stay?: number
  wait?: number
  timeout?: number
  network?: string
  runNetwork?: string
  readOnly?: boolean
  syntax: boolean
  maxGrowth?: number
  helperImage: string
}

const help = `
For each Dockerfile that unroot would change, the original and the rewritten version are built and started, and
compared: builds; stays up, or exits with the same code; the uid of every process; new log lines about missing
permissions; the ports that the original listens on; with --http the status of a request to each; the health check;
the size. The original is started as the engine does it, the rewritten version as strict platforms do it:
--cap-drop ALL --security-opt no-new-privileges --sysctl net.ipv4.ip_unprivileged_port_start=1024.

Building a Dockerfile runs the programs that it names: look at files that you do not trust before you verify them.
Builds and containers have no network unless you ask for one; the engine itself fetches base images that are missing.
The work is done in a temporary copy of the build context; nothing is written into the working tree, and containers,
images and folders are removed, also after Ctrl-C.

Files that are refused, failed or already non-root are listed as "not verified", as are those whose original neither
builds nor starts: there is nothing to compare with. They do not fail the run, unless nothing at all could be verified.

Exit codes: 0 every image that was compared is at least as good as its original; 1 one is not, or nothing could be
verified; 2 no engine answers, wrong usage or config, a file that cannot be read or parsed.

Examples:
  $ unroot verify services/api
  $ unroot verify --http /health --network default .
  $ unroot verify --env DATABASE_URL=sqlite:///tmp/x.db Dockerfile -- gunicorn --bind :8000 app:app
  $ unroot verify --pr-body-file body.md . && unroot --write .
`

/** Adds the options that only `verify` has. */
export function addVerifyOptions(command: Command): void {
  command
    .optionsGroup('How to build and start:')
    .option('--engine <program>', 'docker, podman, or the path of one (default: docker, else podman)')
    .option('--build-arg <name=value>', 'a build argument; repeatable', collect)
    .option('--env <name=value>', 'an environment variable of both containers; repeatable', collect)
    .option('--run-arg <argument>', 'one more argument of `docker run` for both; repeatable', collect)
    .option('--command <command>', "run this by the image's shell instead of its command; or words after --")
    .option('--network <mode>', 'network of builds: none, default or host (default: none)', parseNetwork)
    .option('--run-network <mode>', 'network of containers (default: none)')
    .option('--read-only', 'start the rewritten version with a read-only root and tmpfs where it must write')
    .option('--no-syntax', 'leave `# syntax=` lines out (done by itself where the frontend cannot be fetched)')
    .optionsGroup('What to look at:')
    .option('--http <path>', 'also compare the status of GET <path> on every port', parsePath)
    .option('--stay <seconds>', 'how long a container must stay up (default: 3)', parseSeconds)
    .option('--wait <seconds>', 'how long ports and health checks may take (default: 30)', parseSeconds)
    .option('--timeout <seconds>', 'time limit of each step (default: 600)', parseSeconds)
    .option('--max-growth <percent>', 'how much the image may grow (default: 5)', parsePercent)
    .option(
      '--helper-image <image>',
      'its cat and wget look into containers of an engine on another machine; never fetched',
      'busybox'
    )
    .addHelpText('after', help)
}

/** Adds what `verify` prints and where. */
export function addVerifyReportOptions(command: Command): void {
  command
    .optionsGroup('What to print:')
    .addOption(new Option('--format <format>', 'of the report').choices(verifyFormats).default('text'))
    .option('-o, --output-file <file>', 'write the report there instead of to standard output')
    .option('--pr-body-file <file>', 'also write a pull request text there: the changes, and what was verified')
    .option('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)')
    .option('-q, --quiet', 'no progress, no summary')
    .option('--verbose', 'also print the commands that are run')
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && seconds >= 1 && seconds <= 86400) return seconds
  throw new InvalidArgumentError('It must be a number of seconds from 1 to 86400.')
}

function parsePercent(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number of percent.')
}

function parsePath(text: string): string {
  if (/^\/\S*$/.test(text)) return text
  throw new InvalidArgumentError('It must be a path that begins with /.')
}

function parseNetwork(text: string): string {
  if (['none', 'default', 'host'].includes(text)) return text
  throw new InvalidArgumentError('It must be none, default or host.')
}
