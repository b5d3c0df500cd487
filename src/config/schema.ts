/** What a config file may say, as a schema: it validates, and its words are those of error messages. */
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
  v.check(
    (text) => text.split('=').length === 2 && text.split('=').every((part) => portNumber.test(part)),
    portsMessage
  )
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

const reason = v.pipe(
  v.string('must be a string'),
  v.check((text) => text.trim() !== '', 'must not be empty: say why the finding is accepted')
)

const seconds = v.pipe(v.number('must be a number of seconds'), v.minValue(1, 'must be at least 1'))

/** How `unroot verify` builds and starts the images. */
export const verifySchema = v.strictObject(
  {
    buildArgs: v.optional(v.record(v.string(), v.string('must be a string'), 'must be an object with strings')),
    env: v.optional(v.record(v.string(), v.string('must be a string'), 'must be an object with strings')),
    runArgs: v.optional(v.array(v.string('must be a string'), 'must be a list of strings')),
    command: v.optional(words),
    http: v.optional(v.pipe(v.string('must be a path'), v.startsWith('/', 'must begin with /'))),
    stay: v.optional(seconds),
    wait: v.optional(seconds),
    timeout: v.optional(seconds),
    network: v.optional(v.picklist(['none', 'default', 'host'], 'must be none, default or host')),
    readOnly: v.optional(flag),
    maxGrowth: v.optional(v.pipe(v.number('must be a number'), v.minValue(0, 'must be at least 0')))
  },
  'must be an object'
)

/** Options that can differ from file to file. */
const fileOptions = {
  strategy: v.optional(
    v.picklist(['user', 'entrypoint', 'arbitrary-user'], 'must be user, entrypoint or arbitrary-user')
  ),
  user: v.optional(
    v.pipe(
      v.string('must be a string'),
      v.regex(
        /^(?!root$)[a-z_][a-z0-9_-]{0,31}$/,
        'must be an account name (lower-case letters, digits, - and _), not root'
      )
    )
  ),
  uid: v.optional(id(1, 'must be at least 1; 0 is root')),
  gid: v.optional(id(0, 'must be at least 0')),
  target: v.optional(words),
  context: v.optional(v.string('must be a path')),
  port: v.optional(ports),
  umask: v.optional(
    v.pipe(v.string('must be a string such as "027"'), v.regex(/^0?[0-7]{3}$/, 'must be octal, such as "027"'))
  ),
  chown: v.optional(v.picklist(['app', 'all', 'none'], 'must be app, all or none')),
  stepDown: v.optional(v.picklist(['setpriv', 'su-exec', 'gosu'], 'must be setpriv, su-exec or gosu')),
  entrypointVariables: v.optional(words),
  entrypointInline: v.optional(flag),
  only: v.optional(words),
  skip: v.optional(words),
  safeOnly: v.optional(flag),
  companions: v.optional(flag),
  harden: v.optional(flag),
  image: v.optional(images),
  verify: v.optional(verifySchema)
}

const acceptance = v.strictObject(
  {
    path: words,
    rule: v.string('must be the name of a rule'),
    reason
  },
  'must be an object with path, rule and reason'
)

const override = v.strictObject({ files: words, ...fileOptions }, 'must be an object with files and options')

/** The whole config. */
export const configSchema = v.strictObject(
  {
    $schema: v.optional(v.string('must be a string')),
    ...fileOptions,
    format: v.optional(
      v.picklist(
        ['diff', 'json', 'sarif', 'rdjson', 'github', 'gitlab', 'markdown', 'summary'],
        'must be diff, json, sarif, rdjson, github, gitlab, markdown or summary'
      )
    ),
    failOnNoFiles: v.optional(flag),
    concurrency: v.optional(
      v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'))
    ),
    exclude: v.optional(words),
    ignore: v.optional(v.array(acceptance, 'must be a list')),
    overrides: v.optional(v.array(override, 'must be a list'))
  },
  'must be an object'
)

/** A config file's content, validated. */
export type Config = v.InferOutput<typeof configSchema>
export type VerifyConfig = v.InferOutput<typeof verifySchema>
/** The part of it that can differ from file to file. */
export type ConfigFileOptions = Omit<v.InferOutput<typeof override>, 'files'>
