/**
 * Installers that put into `$HOME` what the running process needs. As root that is `/root`, mode 0700: another user
 * cannot enter it.
 */

export interface HomeInstaller {
  name: string
  /** Matches the text of the `RUN` that installs. */
  pattern: RegExp
  /** Matches the image's environment or its `RUN`s when the thing is put somewhere else already. */
  unless?: RegExp
  /** What happens as root, for the finding. */
  what: string
  /** Below the home directory: what the `RUN` fills, so what must belong to the user. */
  makes: readonly string[]
  /** Nobody knows all the places that it fills. */
  isUnmovable?: true
  /**
   * The tool's own variables. A relative value stands below the new home, where the tool looks anyway when the new user
   * starts it; an absolute one is a place that everybody can read, for what the process does not change. Without a
   * variable `HOME` is set for that `RUN` alone.
   */
  variables?: Readonly<Record<string, string>>
  /** The tool wants the directory to be there. */
  mustExist?: true
  /** A flag that says where: what it replaces, with `HOME` for the new home. */
  flag?: readonly [RegExp, string]
  /** Programs that need it at run time; without one of them it served the build. Undefined: whatever runs needs it. */
  usedBy?: RegExp
  /** A call of a library: a Python script that a `RUN` starts makes it as well. */
  isCall?: true
  /** It writes itself into the profile of the user that installs. */
  needsProfile?: true
  /** Manual, or the installer's own text. */
  source: string
}

// biome-ignore format: one row per entry
export const homeInstallers: readonly HomeInstaller[] = [
  { name: 'poetry environment', pattern: /\bpoetry\s+(?:-\S+\s+)*(?:install|sync)\b/, unless: /virtualenvs\.create["']?\s+(?:["']?false)|virtualenvs\.in-project["']?\s+["']?true|POETRY_VIRTUALENVS_(?:CREATE|IN_PROJECT|PATH)|VIRTUAL_ENV|POETRY_NO_VENV|python3? -m venv/, what: 'poetry makes its virtual environment in /root/.cache/pypoetry', makes: [], variables: { POETRY_VIRTUALENVS_PATH: '/opt/virtualenvs' }, source: 'python-poetry docs/configuration.md virtualenvs.path, cache-dir' },
  { name: 'pipenv environment', pattern: /\bpipenv\s+(?:install|sync)\b(?!.*--(?:system|deploy --system))/, unless: /--system|PIPENV_VENV_IN_PROJECT|WORKON_HOME|PIPENV_SYSTEM/, what: 'pipenv makes its virtual environment in /root/.local/share/virtualenvs', makes: [], variables: { WORKON_HOME: '/opt/virtualenvs' }, source: 'pypa/pipenv docs/virtualenv.md WORKON_HOME' },
  { name: 'pip install --user', pattern: /\bpip3?\s+install\s+(?:\S+\s+)*--user\b/, unless: /PYTHONUSERBASE=["']?\/(?!root)/, what: '`pip install --user` installs into /root/.local', makes: ['.local'], variables: { PYTHONUSERBASE: '.local' }, source: 'Python manual, site: PYTHONUSERBASE, default ~/.local' },
  { name: 'rustup', needsProfile: true, pattern: /sh\.rustup\.rs/, unless: /CARGO_HOME=["']?\/(?!root)/, what: 'rustup installs into /root/.cargo', makes: ['.cargo', '.rustup'], variables: { CARGO_HOME: '.cargo', RUSTUP_HOME: '.rustup' }, usedBy: /\b(?:cargo|rust\w*)\b/, source: 'rust-lang/rustup doc/user-guide/src/environment-variables.md' },
  { name: 'nvm', needsProfile: true, pattern: /nvm-sh\/nvm|install\.sh.*nvm|\bnvm install\b/, unless: /NVM_DIR=["']?\/(?!root)/, what: 'nvm installs Node.js into /root/.nvm', makes: ['.nvm'], variables: { NVM_DIR: '.nvm' }, mustExist: true, source: 'nvm-sh/nvm install.sh: NVM_DIR must exist' },
  { name: 'uv', pattern: /astral\.sh\/uv\/(?:[\d.]+\/)?install/, unless: /UV_INSTALL_DIR=["']?\/(?!root)|XDG_BIN_HOME/, what: 'the uv installer puts uv into /root/.local/bin', makes: ['.local/bin'], variables: { UV_INSTALL_DIR: '.local/bin' }, usedBy: /\buvx?\b/, source: 'astral-sh/uv docs/reference/installer.md' },
  { name: 'poetry', pattern: /install\.python-poetry\.org|get-poetry\.py/, unless: /POETRY_HOME=["']?\/(?!root)/, what: 'the poetry installer puts it under /root', makes: ['.local'], usedBy: /\bpoetry\b/, source: 'python-poetry/install.python-poetry.org: ~/.local/share/pypoetry and a link in ~/.local/bin' },
  { name: 'bun', pattern: /bun\.(?:sh|com)\/install/, unless: /BUN_INSTALL=["']?\/(?!root)/, what: 'the bun installer puts it into /root/.bun', makes: ['.bun'], variables: { BUN_INSTALL: '.bun' }, usedBy: /\bbunx?\b/, source: 'oven-sh/bun src/cli/install.sh' },
  { name: 'deno', pattern: /deno\.land\/(?:x\/)?install/, unless: /DENO_INSTALL=["']?\/(?!root)/, what: 'the deno installer puts it into /root/.deno', makes: ['.deno'], variables: { DENO_INSTALL: '.deno' }, usedBy: /\bdeno\b/, source: 'denoland/deno_install install.sh' },
  { name: 'sdkman', needsProfile: true, pattern: /get\.sdkman\.io/, unless: /SDKMAN_DIR=["']?\/(?!root)/, what: 'sdkman installs into /root/.sdkman', makes: ['.sdkman'], variables: { SDKMAN_DIR: '.sdkman' }, source: 'sdkman.io/install "Install to a Custom Location"' },
  { name: 'dotnet tool', pattern: /\bdotnet\s+tool\s+install\s+(?:\S+\s+)*(?:-g|--global)\b/, unless: /--tool-path|DOTNET_CLI_HOME=["']?\/(?!root)/, what: '`dotnet tool install --global` installs into /root/.dotnet/tools', makes: ['.dotnet'], flag: [/(?<=\s)(?:--global|-g)(?=\s|$)/, '--tool-path HOME/.dotnet/tools'], usedBy: /\bdotnet-\w+/, source: 'learn.microsoft.com dotnet tool install: $HOME/.dotnet/tools, --tool-path' },
  { name: 'playwright', pattern: /\bplaywright\s+install\b(?!-deps)/, unless: /PLAYWRIGHT_BROWSERS_PATH/, what: 'playwright puts its browsers into /root/.cache/ms-playwright', makes: [], variables: { PLAYWRIGHT_BROWSERS_PATH: '/ms-playwright' }, source: 'playwright.dev "Managing browser binaries"; microsoft/playwright utils/docker/Dockerfile.noble uses the same place' },
  { name: 'nltk', isCall: true, pattern: /\bnltk\.download(?:er)?\b/, unless: /NLTK_DATA|download_dir|-d\s+\//, what: 'nltk puts its data into /root/nltk_data', makes: [], variables: { NLTK_DATA: '/usr/local/share/nltk_data' }, mustExist: true, source: 'nltk/nltk downloader.py default_download_dir: only directories that exist' },
  { name: 'stanza', isCall: true, pattern: /\bstanza\.download\b/, unless: /STANZA_RESOURCES_DIR|model_dir/, what: 'stanza puts its models into /root/stanza_resources', makes: [], variables: { STANZA_RESOURCES_DIR: '/usr/local/share/stanza' }, source: 'stanfordnlp/stanza stanza/resources/common.py DEFAULT_MODEL_DIR' },
  { name: 'gem --user-install', pattern: /\bgem\s+install\s+(?:\S+\s+)*--user-install\b/, what: '`gem install --user-install` installs into /root', isUnmovable: true, makes: [], source: 'rubygems Gem.user_dir' },
  { name: 'models', isCall: true, pattern: /\b(?:snapshot_download|hf_hub_download|from_pretrained|SentenceTransformer|huggingface-cli\s+download|whisper\.load_model|torch\.hub\.(?:load|download))\b/, unless: /HF_HOME|TRANSFORMERS_CACHE|HUGGINGFACE_HUB_CACHE|cache_dir|local_dir|--local-dir|SENTENCE_TRANSFORMERS_HOME|TORCH_HOME|XDG_CACHE_HOME/, what: 'the model is downloaded into /root/.cache', makes: ['.cache'], source: 'huggingface_hub environment variables HF_HOME; openai/whisper __init__.py; torch.hub TORCH_HOME' },
  { name: 'composer global', pattern: /\bcomposer\s+global\s+require\b/, unless: /COMPOSER_HOME/, what: '`composer global require` installs into /root/.composer', makes: ['.composer'], variables: { COMPOSER_HOME: '.composer' }, source: 'composer doc/03-cli.md COMPOSER_HOME' },
  { name: 'Haskell tools', pattern: /\bghcup\b|\bstack\s+setup\b|get\.haskellstack\.org/, unless: /STACK_ROOT|GHCUP_INSTALL_BASE_PREFIX/, what: 'the Haskell tools are installed under /root', isUnmovable: true, makes: [], usedBy: /\b(?:stack|cabal|ghc\w*)\b/, source: 'haskell/ghcup-hs docs/guide.md, commercialhaskell/stack docs' },
  { name: 'pyenv', needsProfile: true, pattern: /pyenv\.run|pyenv-installer|pyenv\/pyenv|\bpyenv\s+install\b/, unless: /PYENV_ROOT=["']?\/(?!root)/, what: 'pyenv installs into /root/.pyenv', makes: ['.pyenv'], variables: { PYENV_ROOT: '.pyenv' }, source: 'pyenv/pyenv README "Environment variables"' },
  { name: 'rbenv', needsProfile: true, pattern: /rbenv\/rbenv|\brbenv\s+install\b/, unless: /RBENV_ROOT=["']?\/(?!root)/, what: 'rbenv installs into /root/.rbenv', makes: ['.rbenv'], variables: { RBENV_ROOT: '.rbenv' }, source: 'rbenv/rbenv README "Environment variables"' },
  { name: 'PowerShell modules', isUnmovable: true, pattern: /\bInstall-(?:Module|PSResource|Script)\b(?![^\n]*-Scope\s+AllUsers)/i, what: '`Install-Module` without `-Scope AllUsers` installs into /root/.local/share/powershell', makes: [], usedBy: /\bpwsh\b/, source: 'learn.microsoft.com about_PSModulePath; PowerShellGet 2.x Install-Module -Scope' },
  { name: 'pm2 modules', pattern: /\bpm2\s+(?:install|set|conf|save|module:)/, unless: /PM2_HOME/, what: 'pm2 keeps its modules and settings in /root/.pm2', makes: ['.pm2'], variables: { PM2_HOME: '.pm2' }, usedBy: /\bpm2/, source: 'pm2.keymetrics.io/docs/usage/environment: PM2_HOME; Unitech/pm2#1807' },
  { name: 'pyppeteer', pattern: /\bpyppeteer-install\b/, unless: /PYPPETEER_HOME/, what: 'pyppeteer downloads its browser into /root/.local/share/pyppeteer', makes: ['.local'], variables: { PYPPETEER_HOME: '.local/share/pyppeteer' }, source: 'pyppeteer/pyppeteer __init__.py PYPPETEER_HOME' },
  { name: 'camoufox', pattern: /\bcamoufox\s+fetch\b/, what: 'camoufox downloads its browser into /root/.cache/camoufox', makes: ['.cache'], source: 'daijro/camoufox pythonlib/camoufox/pkgman.py user_cache_dir' },
  { name: 'puppeteer', pattern: /\bpuppeteer\s+browsers\s+install\b/, unless: /PUPPETEER_CACHE_DIR/, what: 'puppeteer puts its browser into /root/.cache/puppeteer', makes: [], variables: { PUPPETEER_CACHE_DIR: '/usr/local/share/puppeteer' }, source: 'pptr.dev configuration cacheDirectory' },
  { name: 'corepack', pattern: /\bcorepack\s+(?:prepare|install|use|enable)\b/, unless: /COREPACK_HOME/, what: 'corepack keeps the package manager in /root/.cache/node/corepack', makes: [], variables: { COREPACK_HOME: '/usr/local/share/corepack' }, usedBy: /\b(?:pnpm|pnpx|yarn)\b/, source: 'nodejs/corepack README "Environment Variables"' }
]

/** None of the installers without one of these words. */
export const anyHomeInstaller =
  /poetry|pipenv|--user|rustup|nvm|astral\.sh|bun\.(?:sh|com)|deno\.land|sdkman|dotnet\s+tool|playwright|nltk|stanza|huggingface|from_pretrained|snapshot_download|hf_hub|SentenceTransformer|load_model|torch\.hub|composer\s+global|ghcup|stack|pyenv|rbenv|pyppeteer|camoufox|puppeteer|corepack|pm2|Install-/
