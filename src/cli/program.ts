import { Argument, Command, Option } from 'commander'
import { version } from '../../package.json'
import * as flags from './flags.ts'
import { addVerifyOptions, addVerifyReportOptions, type VerifyFlags } from './verify-options.ts'

const examples = `
Examples:
  $ unroot                               show what would change below the working directory
  $ unroot services/api | git apply      apply it
  $ unroot --write .                     write it
  $ unroot --interactive .               look at each change, and write those that are accepted
  $ unroot --check .                     in CI: exit code 1 when something is left to do
  $ unroot --format json . > report.json
  $ unroot - < Dockerfile > Dockerfile.nonroot
  $ unroot explain chown-copied-files    the page of one transform or rule

Exit codes: 0 done; 1 with --check: a file would change, or is refused and not accepted;
2 wrong usage or config, a file that cannot be read, parsed or written (the others are still done).
`

/** The command line; `finish` is told the exit code of the command that ran. */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('unroot')
    .description('Rewrites Dockerfiles so that the image runs as a non-root user and still builds and starts.')
    .usage('[options] [path ...]')
    .argument('[path...]', 'a Dockerfile, a directory to search, or - for standard input (default: .)')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('Run `unroot --help` for the options.')
    .addHelpText('after', examples)
    .action(async (paths: string[], options: flags.Flags) => {
      const { rewriteCommand } = await import('./rewrite-command.ts')
      finish(await rewriteCommand(paths, options))
    })
  addRewriteOptions(program)
  addCommands(program, finish)
  for (const command of program.commands)
    command.showHelpAfterError(`Run \`unroot ${command.name()} --help\` for what it takes.`)
  return program
}

function addRewriteOptions(program: Command): void {
  program
    .optionsGroup('What to do:')
    .option('-w, --write', 'write the changes (not with DRY_RUN=true in the environment)')
    .option('--check', 'write nothing; exit 1 when a file would change or is refused and not accepted')
    .option('-l, --list-different', 'print only the paths that would change')
    .option('--interactive', 'show each change at the terminal, and write what is accepted')
    .optionsGroup('What to print:')
    .addOption(new Option('--format <format>', 'of the report (default: diff)').choices(flags.formats))
    .option('-o, --output-file <file>', 'write the report there instead of to standard output')
    .option('--summary-file <file>', 'also write the JSON report there')
    .option('--pr-body-file <file>', 'also write a pull request text there, its first line the title')
    .option('--sarif-fixes', 'with --format sarif: also the edits, for viewers that apply them')
    .option('--stdin-filename <name>', 'with -: where the Dockerfile would lie')
    .option('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)')
    .option('-q, --quiet', 'no findings but errors, no summary')
    .option('--verbose', 'also print every change and what to do about findings')
  addConversionOptions(program)
}

/** What `verify` needs as well: it builds what they say. */
function addConversionOptions(command: Command): void {
  command
    .optionsGroup('How to convert:')
    .addOption(
      new Option('--strategy <strategy>', 'how the image comes to run as non-root (default: user)').choices([
        'user',
        'entrypoint',
        'arbitrary-user'
      ])
    )
    .option(
      '--user <name>',
      'the account to create (default: the one that the image has for its program, else app)',
      flags.parseAccountName
    )
    .option('--uid <n>', 'its number (default: that of the account, else 10001)', flags.parseUserId)
    .option('--gid <n>', "its group's number (default: the uid)", flags.parseGroupId)
    .addOption(
      new Option('--uid-from <source>', 'where its numbers come from: with build-args from ARG UID and GID').choices([
        'build-args'
      ])
    )
    .option(
      '--target <stage>',
      'a stage that is shipped; repeatable (default: the last, and those of compose files)',
      flags.collect
    )
    .option('--context <dir>', 'the build context (default: found by compose files and COPY sources)')
    .option('--port <from=to>', 'replace a port; repeatable; 80=80 keeps it', flags.parsePort)
    .option('--umask <mode>', 'the umask of the running process, such as 027', flags.parseUmask)
    .addOption(
      new Option('--chown <files>', 'which copied files the user owns (default: app)').choices(['app', 'all', 'none'])
    )
    .addOption(
      new Option('--step-down <tool>', 'strategy entrypoint: what changes the user (default: what is there)').choices([
        'setpriv',
        'su-exec',
        'gosu'
      ])
    )
    .option(
      '--entrypoint-variables <names>',
      'strategy entrypoint: for uid, gid and directories (default: UID,GID,UNROOT_CHOWN)',
      flags.parseVariables
    )
    .option('--entrypoint-inline', 'strategy entrypoint: the script as a heredoc in the Dockerfile')
    .option('--only <names>', 'run only these transforms, separated by commas', flags.parseNames)
    .option('--skip <names>', 'run all but these transforms', flags.parseNames)
    .option('--safe-only', 'change only files that need no review')
    .option('--no-companions', 'leave files beside the Dockerfile alone')
    .option(
      '--harden',
      'compose files also get cap_drop, no-new-privileges, read_only and tmpfs; images that are non-root already count too'
    )
    .option(
      '--image <name=Dockerfile>',
      'the image name by which manifests know a Dockerfile; repeatable',
      flags.parseImage
    )
    .optionsGroup('Files:')
    .option('--config <file>', 'the config file (default: searched from the working directory upward)')
    .option('--no-config', 'use no config file')
    .option('--fail-on-no-files', 'exit 2 when no Dockerfile is found')
    .option(
      '--concurrency <n>',
      'how many files are fetched at the same time from a slow disk (default: 16)',
      flags.parseCount
    )
}

function addCommands(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('list')
    .summary('name every transform and rule')
    .description('Prints every transform (in the order in which they run) and every rule, one line each.')
    .addOption(new Option('--format <format>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async ({ format }: { format: 'text' | 'json' }) => {
      const { listCommand } = await import('./catalogue-commands.ts')
      await listCommand(format)
      finish(0)
    })
  program
    .command('explain')
    .summary('print the page of one transform, rule or guide')
    .description('Prints what a transform does and leaves alone, what a rule means and what to do, or a guide.')
    .addArgument(new Argument('<name>', 'of a transform, rule or guide'))
    .option('--for <Dockerfile>', 'with running-as-root: snippets for the image of this file')
    .addHelpText(
      'after',
      '\nExamples:\n  $ unroot explain low-port\n  $ unroot explain running-as-root --for services/cron/Dockerfile\n'
    )
    .action(async (name: string, options: { for?: string }) => {
      const { explainCommand, explainFor } = await import('./catalogue-commands.ts')
      if (options.for === undefined) await explainCommand(name)
      else await explainFor(name, options.for)
      finish(0)
    })
  addVerifyCommand(program, finish)
  program
    .command('init')
    .summary('write a commented config file')
    .description('Asks a few questions at a terminal and writes .unrootrc.yaml; elsewhere it writes the defaults.')
    .option('-y, --yes', 'ask nothing, write the defaults')
    .action(async ({ yes }: { yes?: boolean }) => {
      const [{ initCommand }, { terminalOf }, { programName }] = await Promise.all([
        import('./init-command.ts'),
        import('./terminal.ts'),
        import('./next-commands.ts')
      ])
      const isDryRun = process.env.DRY_RUN === 'true'
      const terminal = terminalOf(process.stdin, process.stderr)
      finish(
        await initCommand({
          cwd: process.cwd(),
          terminal,
          yes: yes ?? false,
          isDryRun,
          program: programName(process.env)
        })
      )
    })
}

function addVerifyCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('verify')
    .summary('build and start the image before and after, and compare')
    .description('Builds and starts each image as it is and as unroot would change it, and compares the two.')
    .usage('[options] [path ...] [-- command ...]')
    .argument('[path...]', 'a Dockerfile or a directory to search (default: .)')
    .action(async (operands: string[], options: VerifyFlags) => {
      const { verifyCommand } = await import('./verify-command.ts')
      const words = wordsAfterDashes(command)
      finish(await verifyCommand(operands.slice(0, operands.length - words.length), words, options))
    })
  addVerifyReportOptions(command)
  addVerifyOptions(command)
  addConversionOptions(command)
}

/** Commander hands over the words in front of `--` and those behind it as one list. */
function wordsAfterDashes({ parent }: Command): string[] {
  const words = (parent as Command & { rawArgs: string[] }).rawArgs
  const dashes = words.indexOf('--')
  return dashes === -1 ? [] : words.slice(dashes + 1)
}
