import { stageOf } from '../../dockerfile/dockerfile.ts'
import type { Instruction } from '../../dockerfile/instruction.ts'
import { expand } from '../../dockerfile/words.ts'
import { isRoot, readImage, resolvePath, stateBefore } from '../../image/image.ts'
import { defineHazard, type HazardContext } from '../hazard.ts'
import { isInside, isRootHome } from '../paths.ts'

/** Installers that put into `$HOME` what the running process needs, and the variable that moves it. */
const homeInstallers: readonly { pattern: RegExp; unless?: RegExp; what: string; usedBy?: RegExp }[] = [
  // source: python-poetry configuration reference, virtualenvs.create and virtualenvs.path
  {
    pattern: /\bpoetry\s+(?:-\S+\s+)*(?:install|sync)\b/,
    unless:
      /virtualenvs\.create["']?\s+(?:["']?false)|virtualenvs\.in-project["']?\s+["']?true|POETRY_VIRTUALENVS_(?:CREATE|IN_PROJECT|PATH)|VIRTUAL_ENV|POETRY_NO_VENV|python3? -m venv/,
    what: 'poetry makes its virtual environment in /root/.cache/pypoetry'
  },
  // source: pipenv manual, WORKON_HOME and PIPENV_VENV_IN_PROJECT
  {
    pattern: /\bpipenv\s+(?:install|sync)\b(?!.*--(?:system|deploy --system))/,
    unless: /--system|PIPENV_VENV_IN_PROJECT|WORKON_HOME|PIPENV_SYSTEM/,
    what: 'pipenv makes its virtual environment in /root/.local/share/virtualenvs'
  },
  { pattern: /\bpip3?\s+install\s+(?:\S+\s+)*--user\b/, what: '`pip install --user` installs into /root/.local' },
  // source: rustup book, CARGO_HOME and RUSTUP_HOME
  {
    pattern: /sh\.rustup\.rs/,
    unless: /CARGO_HOME=(?!\/root)/,
    what: 'rustup installs into /root/.cargo',
    usedBy: /cargo|rust/
  },
  // source: nvm README, NVM_DIR
  {
    pattern: /nvm-sh\/nvm|install\.sh.*nvm|\bnvm install\b/,
    unless: /NVM_DIR=["']?\/(?!root)/,
    what: 'nvm installs Node.js into /root/.nvm'
  },
  {
    pattern: /astral\.sh\/uv\/install/,
    unless: /UV_INSTALL_DIR=["']?\/(?!root)|XDG_BIN_HOME/,
    what: 'the uv installer puts uv into /root/.local/bin',
    usedBy: /\buvx?\b/
  },
  {
    pattern: /install\.python-poetry\.org|get-poetry\.py/,
    unless: /POETRY_HOME=["']?\/(?!root)/,
    what: 'the poetry installer puts it under /root',
    usedBy: /poetry/
  },
  {
    pattern: /bun\.sh\/install/,
    unless: /BUN_INSTALL=["']?\/(?!root)/,
    what: 'the bun installer puts it into /root/.bun'
  },
  {
    pattern: /deno\.land\/(?:x\/)?install/,
    unless: /DENO_INSTALL=["']?\/(?!root)/,
    what: 'the deno installer puts it into /root/.deno'
  },
  { pattern: /get\.sdkman\.io/, unless: /SDKMAN_DIR=["']?\/(?!root)/, what: 'sdkman installs into /root/.sdkman' },
  {
    pattern: /\bdotnet\s+tool\s+install\s+(?:\S+\s+)*(?:-g|--global)\b/,
    unless: /--tool-path/,
    what: '`dotnet tool install --global` installs into /root/.dotnet/tools'
  },
  // source: playwright.dev "Managing browser binaries": PLAYWRIGHT_BROWSERS_PATH
  {
    pattern: /\bplaywright\s+install\b(?!-deps)/,
    unless: /PLAYWRIGHT_BROWSERS_PATH/,
    what: 'playwright puts its browsers into /root/.cache/ms-playwright'
  },
  {
    pattern: /\bnltk\.download(?:er)?\b/,
    unless: /NLTK_DATA|download_dir|-d\s+\//,
    what: 'nltk puts its data into /root/nltk_data'
  },
  {
    pattern: /\bgem\s+install\s+(?:\S+\s+)*--user-install\b/,
    what: '`gem install --user-install` installs into /root'
  },
  {
    pattern:
      /\b(?:snapshot_download|hf_hub_download|from_pretrained|SentenceTransformer|huggingface-cli\s+download|whisper\.load_model)\b/,
    unless:
      /HF_HOME|TRANSFORMERS_CACHE|HUGGINGFACE_HUB_CACHE|cache_dir|local_dir|--local-dir|SENTENCE_TRANSFORMERS_HOME|TORCH_HOME/,
    what: 'the model is downloaded into /root/.cache'
  },
  {
    pattern: /\bcomposer\s+global\s+require\b/,
    unless: /COMPOSER_HOME/,
    what: '`composer global require` installs into /root/.composer'
  },
  {
    pattern: /\bghcup\b|\bstack\s+setup\b|get\.haskellstack\.org/,
    unless: /STACK_ROOT|GHCUP_INSTALL_BASE_PREFIX/,
    what: 'the Haskell tools are installed under /root'
  },
  { pattern: /\bpyenv\s+install\b/, unless: /PYENV_ROOT=["']?\/(?!root)/, what: 'pyenv installs into /root/.pyenv' },
  { pattern: /\brbenv\s+install\b/, unless: /RBENV_ROOT=["']?\/(?!root)/, what: 'rbenv installs into /root/.rbenv' },
  { pattern: /\bpyppeteer-install\b|\bcamoufox\s+fetch\b/, what: 'the browser is downloaded into /root' },
  {
    pattern: /\bpuppeteer\s+browsers\s+install\b/,
    unless: /PUPPETEER_CACHE_DIR/,
    what: 'puppeteer puts its browser into /root/.cache/puppeteer'
  }
]

/** None of the installers without one of these words. */
const anyInstaller =
  /poetry|pipenv|--user|rustup|nvm|astral\.sh|bun\.sh|deno\.land|sdkman|dotnet\s+tool|playwright|nltk|huggingface|from_pretrained|snapshot_download|hf_hub|SentenceTransformer|load_model|composer\s+global|ghcup|stack|pyenv|rbenv|pyppeteer|camoufox|puppeteer/

const help =
  'unroot does not move the home directory yet. By hand: use a directory that the user can read (`/app`, `/opt/...`, /home/app) in every place that names it.'

/** A `RUN` behind a `USER`, or by `su`, has another home. */
const isRunByUser = ({ dockerfile, image }: HazardContext, run: Instruction): boolean => {
  if (/\b(?:su|gosu|su-exec|runuser|sudo -u)\s/.test(run.raw.logical)) return true
  const stage = stageOf(image.lineage, run)
  return stage !== undefined && !isRoot(stateBefore(readImage(dockerfile, stage), run))
}

function* mentions(context: HazardContext) {
  const { image, dockerfile, copies, startUp } = context
  if (isRootHome(image.final.workdir) && image.final.isWorkdirKnown) {
    const at = image.lineage
      .flatMap((stage) => stage.instructions)
      .findLast((instruction) => instruction.keyword === 'WORKDIR')
    yield { message: `WORKDIR ${image.final.workdir}: only root can enter it`, at }
  }
  for (const copy of copies)
    if (
      isRootHome(copy.destination) &&
      !/^\/root\/\.(?:ssh|bashrc|bash_profile|profile|zshrc|vimrc|tmux|gitconfig|inputrc|screenrc)/.test(
        copy.destination
      )
    )
      yield {
        message: `${copy.instruction.keyword} to ${copy.destination}: only root can read it`,
        at: copy.instruction
      }
  const all = image.lineage.flatMap((stage) => stage.instructions)
  for (const instruction of all) {
    if (instruction.keyword === 'ENV')
      for (const { name, value } of instruction.properties ?? []) {
        const text = value === undefined ? '' : value.text
        if (name.text === 'HOME' && /^["']?\/root\/?["']?$/.test(text))
          yield { message: 'ENV HOME=/root: the user cannot write there', at: instruction }
        else if (/(^|[:="' ])(\/root|~|\$HOME|\$\{HOME\})\//.test(text))
          yield { message: `ENV ${name.text} names a path under /root`, at: instruction }
      }
    if (instruction.keyword === 'VOLUME' && /["\s]\/root(\/|["\s]|$)/.test(`${instruction.argumentText} `))
      yield { message: 'VOLUME under /root: the user cannot enter it', at: instruction }
  }
  for (const program of startUp.programs)
    for (const word of [program.word, ...program.args]) {
      const path = resolvePath(
        '/',
        expand(word.replace(/^--?[\w-]+=/, ''), image.final.environment, dockerfile.escape).value
      )
      if (
        /^(--?[\w-]+=)?["']?(\/root(\/|$)|~\/)/.test(word) &&
        isInside(path.replace(/^\/~/, '/root'), '/root') &&
        program.guard !== 'root'
      ) {
        yield { message: `${program.place} names ${word}: only root can read it`, at: program.instruction }
        break
      }
    }
  if (!anyInstaller.test(dockerfile.text)) return
  const environment = [...image.final.environment].map(([name, value]) => `${name}=${value}`).join('\n')
  const texts = all.filter((instruction) => instruction.keyword === 'RUN' || instruction.keyword === 'ARG')
  const joined = texts.map((instruction) => instruction.raw.logical).join('\n')
  for (const installer of homeInstallers) {
    const at = texts.find(
      (instruction) =>
        instruction.keyword === 'RUN' &&
        (installer.pattern.test(instruction.raw.logical) ||
          instruction.heredocs.some((heredoc) => installer.pattern.test(instruction.heredocBody(heredoc))))
    )
    if (at === undefined || isRunByUser(context, at)) continue
    if (installer.unless?.test(`${environment}\n${joined}`)) continue
    yield { message: installer.what, at }
  }
}

export const rootHomeLeft = defineHazard({
  name: 'root-home-left',
  severity: 'error',
  summary: 'The running process needs files under /root',
  description: `\`/root\` has mode 0700: no other user can enter it. A \`WORKDIR /root\`, a \`COPY\` to it, a \`PATH\` with
\`/root/.local/bin\` in it, or an installer that puts tools, virtual environments, browsers or models into \`$HOME\`
breaks as soon as another user starts the process. unroot does not move these yet: the file is refused, and the
message names the instruction.`,
  *find(context) {
    const seen = new Set<string>()
    for (const { message, at } of mentions(context)) {
      if (seen.has(message)) continue
      seen.add(message)
      yield { message, help, ...(at === undefined ? {} : { at }) }
    }
  }
})
