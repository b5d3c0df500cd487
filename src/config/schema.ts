/**
 * What a config file may say, as a schema: it validates, its words are those of error messages, and
 * `config.schema.json`, the table of docs/config.md and the comments of `unroot init` are made from it.
 */
import * as v from 'valibot'

const id = (lowest: number, message: string) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    v.minValue(lowest, message),
    v.maxValue(4294967294, 'must be at most 4294967294')
  )

const words = v.union([v.string(), v.array(v.string())], 'must be a string or a list of strings')

const portNumber = /^(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/

const portsMessage = 'must be "80=8080", a list of such strings, or { "80": 8080 } (ports are 1 to 65535)'

const portPair = v.pipe(
  v.string(portsMessage),
  v.regex(new RegExp(portNumber.source.replace(/^\^(.*)\$$/, '^$1=$1$')), portsMessage)
)

const ports = v.union(
  [
    portPair,
    v.array(portPair, portsMessage),
    v.record(
      v.pipe(v.string(portsMessage), v.regex(portNumber, portsMessage)),
      v.pipe(
        v.number(portsMessage),
        v.integer(portsMessage),
        v.minValue(1, portsMessage),
        v.maxValue(65535, portsMessage)
      ),
      portsMessage
    )
  ],
  portsMessage
)

const imagesMessage =
  'must be "team/api=services/api/Dockerfile", a list of such strings, or { "team/api": "services/api/Dockerfile" }'

const imagePair = v.pipe(v.string(imagesMessage), v.regex(/^[^\s=]+=.+$/, imagesMessage))

const images = v.union(
  [
    imagePair,
    v.array(imagePair, imagesMessage),
    v.record(
      v.pipe(v.string(imagesMessage), v.regex(/^[^\s=]+$/, imagesMessage)),
      v.pipe(v.string(imagesMessage), v.nonEmpty(imagesMessage)),
      imagesMessage
    )
  ],
  imagesMessage
)

const flag = v.boolean('must be true or false')

const reason = v.pipe(v.string('must be a string'), v.regex(/\S/, 'must not be empty: say why the finding is accepted'))

const seconds = v.pipe(v.number('must be a number of seconds'), v.minValue(1, 'must be at least 1'))

const strings = v.record(v.string(), v.string('must be a string'), 'must be an object with strings')

/** A key that may be left out, and what it means. */
const key = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.optional(v.pipe(schema, v.description(description)))

/** How `unroot verify` builds and starts the images. */
export const verifySchema = v.strictObject(
  {
    buildArgs: key(strings, 'Build arguments'),
    env: key(strings, 'Environment variables of both containers'),
    runArgs: key(
      v.array(v.string('must be a string'), 'must be a list of strings'),
      'More arguments of `docker run` for both'
    ),
    command: key(words, "Run this by the image's shell instead of its command, or these words"),
    http: key(
      v.pipe(v.string('must be a path'), v.startsWith('/', 'must begin with /')),
      'Also compare the status of `GET` of this path on every port'
    ),
    stay: key(seconds, 'How many seconds a container must stay up'),
    wait: key(seconds, 'How many seconds ports and health checks may take'),
    timeout: key(seconds, 'Time limit of each step, in seconds'),
    network: key(
      v.picklist(['none', 'default', 'host'], 'must be none, default or host'),
      'Network of builds: `none`, `default` or `host`'
    ),
    readOnly: key(flag, 'Start the rewritten version with a read-only root'),
    maxGrowth: key(
      v.pipe(v.number('must be a number'), v.minValue(0, 'must be at least 0')),
      'How many percent the image may grow'
    )
  },
  'must be an object'
)

/** Options that can differ from file to file. */
const fileOptions = {
  strategy: key(
    v.picklist(['user', 'entrypoint', 'arbitrary-user'], 'must be user, entrypoint or arbitrary-user'),
    'How the image comes to run as non-root: `user`, `entrypoint` or `arbitrary-user`'
  ),
  user: key(
    v.pipe(
      v.string('must be a string'),
      v.regex(
        /^(?!root$)[a-z_][a-z0-9_-]{0,31}$/,
        'must be an account name (lower-case letters, digits, - and _), not root'
      )
    ),
    'The account to create, in every image; left out, the one that an image has for its program is used, else `app` is made'
  ),
  uid: key(
    id(1, 'must be at least 1 (0 is root)'),
    'Its uid, in every image; left out, the number of the account that is used, or 10001'
  ),
  gid: key(id(0, 'must be at least 0'), 'Its gid; the uid when left out'),
  uidFrom: key(
    v.picklist(['build-args'], 'must be build-args'),
    '`build-args`: `ARG UID` and `ARG GID` say the numbers of the account'
  ),
  target: key(words, 'A stage that is shipped, or a list'),
  context: key(v.string('must be a path'), 'The build context, relative to the config file'),
  port: key(ports, '`"80=9000"`, a list of such strings, or `{ "80": 9000 }`; `"80=80"` keeps a port'),
  umask: key(
    v.pipe(v.string('must be a string such as "027"'), v.regex(/^0?[0-7]{3}$/, 'must be octal, such as "027"')),
    'The umask of the running process, octal, as a string: `"027"`'
  ),
  chown: key(
    v.picklist(['app', 'all', 'none'], 'must be app, all or none'),
    'Which copied files the user owns: `app`, `all` or `none`'
  ),
  stepDown: key(
    v.picklist(['setpriv', 'su-exec', 'gosu'], 'must be setpriv, su-exec or gosu'),
    'Strategy `entrypoint`: `setpriv`, `su-exec` or `gosu`'
  ),
  entrypointVariables: key(
    words,
    'Strategy `entrypoint`: names for uid, gid and directories, a list or a string with commas'
  ),
  entrypointInline: key(flag, 'Strategy `entrypoint`: `true`: the script as a heredoc in the Dockerfile'),
  only: key(words, 'Run only these transforms: a list, or a string with commas'),
  skip: key(words, 'Run all but these transforms: a list, or a string with commas'),
  safeOnly: key(flag, '`true`: change only files that need no review'),
  companions: key(flag, '`false`: leave files beside the Dockerfile alone'),
  harden: key(flag, '`true`: compose files also get `cap_drop`, `no-new-privileges`, `read_only` and `tmpfs`'),
  image: key(
    images,
    '`"team/api=services/api/Dockerfile"`, a list of such strings, or `{ "team/api": "services/api/Dockerfile" }`: the image names that Kubernetes manifests know; relative to the config file'
  ),
  verify: key(verifySchema, 'How `unroot verify` builds and starts the images, an object')
}

const acceptance = v.strictObject(
  {
    path: v.pipe(words, v.description('The Dockerfiles: a pattern or a list')),
    rule: v.pipe(v.string('must be the name of a rule'), v.description('The rule of the finding')),
    reason: v.pipe(reason, v.description('Why the finding is accepted'))
  },
  'must be an object with path, rule and reason'
)

const override = v.strictObject(
  { files: v.pipe(words, v.description('The Dockerfiles: a pattern or a list')), ...fileOptions },
  'must be an object with files and options'
)

/** The whole config. */
export const configSchema = v.pipe(
  v.strictObject(
    {
      $schema: key(v.string('must be a string'), 'Where the JSON schema of this file is, for editors'),
      ...fileOptions,
      format: key(
        v.picklist(
          ['diff', 'json', 'sarif', 'rdjson', 'github', 'gitlab', 'markdown', 'summary'],
          'must be diff, json, sarif, rdjson, github, gitlab, markdown or summary'
        ),
        'Of the report: `diff`, `json`, `sarif`, `rdjson`, `github`, `gitlab`, `markdown` or `summary`'
      ),
      failOnNoFiles: key(flag, '`true`: exit 2 when no Dockerfile is found'),
      concurrency: key(
        v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1')),
        'How many files are fetched at the same time from a slow disk'
      ),
      exclude: key(words, 'Dockerfiles to leave out: a pattern or a list'),
      ignore: key(
        v.array(acceptance, 'must be a list'),
        'Accepted findings: a list of `{ path, rule, reason }`; all three are required, `path` may be a list'
      ),
      overrides: key(
        v.array(override, 'must be a list'),
        'A list of `{ files, ... }` with any of the keys from `strategy` to `verify`; later ones win'
      )
    },
    'must be an object'
  ),
  v.title('unroot config'),
  v.description('Options of unroot for the Dockerfiles below this file.')
)

/** A config file's content, validated. */
export type Config = v.InferOutput<typeof configSchema>
export type VerifyConfig = v.InferOutput<typeof verifySchema>
/** The part of it that can differ from file to file. */
export type ConfigFileOptions = Omit<v.InferOutput<typeof override>, 'files'>
