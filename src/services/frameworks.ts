/**
 * Frameworks that write beside their own files while they serve. As long as these directories come by a COPY that gets
 * its `--chown`, all is well; a build step that runs as root leaves root's files in them.
 */
export interface Framework {
  name: string
  /** Files of the application's directory, all of which are there. */
  marks: readonly string[]
  /** Below the application's directory: written while it serves. */
  writes: readonly string[]
  /** Commands (program and arguments) that fill those directories in a `RUN`. */
  builtBy: RegExp
  /** Such a command is evidence enough without the marks. */
  isSure?: RegExp
  /** Programs (with arguments) that serve it; another one (nginx in front of a built site) only reads. */
  servedBy: RegExp
  /** Nothing is written unless a build step of the image made it. */
  isOnlyBuilt?: true
  /** New files beside the others: the directory itself is enough. */
  isShallow?: true
  source: string
}

const php = /^(?:php|php-fpm|apache|httpd|frankenphp|rr|docker-php|swoole|unitd|supervisord)/
/** What stands before a program of `node_modules/.bin`. */
const bin = String.raw`^(?:(?:npx|bunx|yarn|pnpm(?:\s+exec)?|npm\s+exec(?:\s+--)?)\s+)?`
const nestBuild = new RegExp(String.raw`${bin}nest\s+build\b`)
const viteBuild = new RegExp(String.raw`${bin}vite\s+build\b`)
const reactBuild = new RegExp(String.raw`${bin}(?:react-scripts|craco|react-app-rewired)\s+build\b`)
const installs =
  /^(?:npm\s+(?:ci|clean-install|install|i)\b|yarn(?:\s+install|\s+--|$)|pnpm\s+(?:install|i)\b|bun\s+(?:install|i)\b)(?!.*\s(?:-g|--global)\b)/
const viteServer = new RegExp(String.raw`${bin}vite(?!\s+(?:build|preview|optimize))\b`)
const webpackServer = new RegExp(
  String.raw`${bin}(?:react-scripts\s+start|craco\s+start|react-app-rewired\s+start|vue-cli-service\s+serve)\b`
)
const composer =
  /^(?:php\S*\s+)?(?:\S*\/)?composer(?:\.phar)?\s+(?:install|update|create-project|run-script|run|dump-autoload)\b/

// biome-ignore format: one row per entry
export const frameworks: readonly Framework[] = [
  { name: 'Laravel', marks: ['artisan'], writes: ['storage', 'bootstrap/cache'], builtBy: new RegExp(`^(?:php\\S*\\s+)?(?:\\S*/)?artisan\\b|${composer.source}`), isSure: /^(?:php\S*\s+)?(?:\S*\/)?artisan\s/, servedBy: php, source: 'laravel.com/docs deployment, Directory Permissions' },
  { name: 'Symfony', marks: ['bin/console', 'composer.json'], writes: ['var'], builtBy: new RegExp(`^(?:php\\S*\\s+)?(?:\\S*/)?bin/console\\b|${composer.source}`), servedBy: php, source: 'symfony.com/doc/current/setup/file_permissions.html' },
  { name: 'CakePHP', marks: ['bin/cake'], writes: ['tmp', 'logs'], builtBy: new RegExp(`bin/cake\\b|${composer.source}`), servedBy: php, source: 'book.cakephp.org installation, Permissions' },
  { name: 'Yii', marks: ['yii', 'composer.json'], writes: ['runtime', 'web/assets'], builtBy: new RegExp(`^(?:php\\S*\\s+)?(?:\\S*/)?yii\\b|${composer.source}`), servedBy: php, source: 'yiiframework.com guide, Application Structure' },
  { name: 'CodeIgniter', marks: ['spark'], writes: ['writable'], builtBy: new RegExp(`^(?:php\\S*\\s+)?(?:\\S*/)?spark\\b|${composer.source}`), servedBy: php, source: 'codeigniter.com user_guide, running' },
  { name: 'Rails', marks: ['config/application.rb'], writes: ['tmp', 'log'], builtBy: /^(?:bundle\s+exec\s+)?(?:\S*\/)?(?:rails|rake)\s|\bbootsnap\s+precompile\b/, isSure: /\bassets:precompile\b|\bbootsnap\s+precompile\b.*\bapp\//, servedBy: /^(?:rails|puma|unicorn|rackup|thrust|passenger|sidekiq|bundle|rake|thin|falcon)\b/, source: 'the Dockerfile that `rails new` makes: chown -R of db log storage tmp' },
  { name: 'Next.js', marks: [], writes: ['.next'], builtBy: /^(?:npx\s+)?next\s+build\b/, isSure: /^(?:npx\s+)?next\s+build\b/, servedBy: /^(?:npx\s+)?next\s+(?:start|dev)\b|^next-server\b/, isOnlyBuilt: true, source: 'nextjs.org/docs self-hosting, Caching and ISR: the cache is in .next' },
  { name: 'NestJS', marks: [], writes: ['dist'], builtBy: nestBuild, isSure: nestBuild, servedBy: new RegExp(String.raw`${bin}nest\s+start\b`), isOnlyBuilt: true, source: 'docs.nestjs.com cli/usages: nest start compiles, and deletes the output before it where nest-cli.json says deleteOutDir' },
  { name: 'Vite', marks: [], writes: ['node_modules/.vite-temp'], builtBy: viteBuild, isSure: viteBuild, servedBy: new RegExp(String.raw`${bin}vite\s+preview\b|${viteServer.source}`), isOnlyBuilt: true, source: 'vitejs/vite issue 18839: the bundled vite.config is written there at every start; fmaclen/hollama issue 298' },
  { name: 'react-inject-env', marks: [], writes: ['build'], builtBy: reactBuild, isSure: reactBuild, servedBy: new RegExp(String.raw`${bin}react-inject-env\s+set\b(?!.*\s(?:-d|--dir)\b)`), isOnlyBuilt: true, source: 'codegowhere/react-inject-env README, Additional options: writes env.js into ./build' },
  { name: 'Vite development server', marks: [], writes: ['node_modules'], builtBy: installs, isSure: installs, servedBy: viteServer, isOnlyBuilt: true, isShallow: true, source: 'vite.dev config/shared-options cacheDir: node_modules/.vite; vitejs/vite issue 11620' },
  { name: 'webpack development server', marks: [], writes: ['node_modules'], builtBy: installs, isSure: installs, servedBy: webpackServer, isOnlyBuilt: true, isShallow: true, source: 'facebook/create-react-app packages/react-scripts/config/webpack.config.js, cacheDirectory and appWebpackCache: node_modules/.cache' },
  { name: 'webpack cache', marks: [], writes: ['node_modules/.cache'], builtBy: reactBuild, isSure: reactBuild, servedBy: webpackServer, isOnlyBuilt: true, source: 'the same' }
]
