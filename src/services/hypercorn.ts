/** Hypercorn: a TOML or Python file that `--config` names. */
import { type CodeForm, editCodeSettings, readCodeFacts } from './code-config.ts'
import { applicationLayout, defineServer } from './server.ts'

// source: hypercorn.readthedocs.io how_to_guides/configuring
const form: CodeForm = {
  line: /^(bind|insecure_bind|quic_bind|pid_path|user|group|accesslog|errorlog|statsd_host)\s*=(.*)$/,
  listens: ['bind', 'insecure_bind', 'quic_bind'],
  files: ['accesslog', 'errorlog'],
  made: [],
  directories: [],
  pid: ['pid_path'],
  users: ['user', 'group']
}

export const hypercorn = defineServer({
  name: 'Hypercorn',
  programs: ['hypercorn'],
  services: [],
  packages: /^hypercorn$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir }) => ({ ...applicationLayout('Hypercorn', workdir), startedIn: workdir }),
  isOverridden: ({ args }) => args.some((word) => /^(?:-b|--bind|--insecure-bind)(?:=|$)/.test(word)),
  readArguments(args) {
    const index = args.findIndex((word) => word === '-c' || word === '--config')
    const joined = args.map((word) => /^--config=(.+)$/.exec(word)?.[1]).find((each) => each !== undefined)
    const config = (index === -1 ? joined : args[index + 1])?.replace(/^file:/, '')
    return {
      config: config?.startsWith('python:') ? undefined : config,
      prefix: undefined,
      settings: new Map()
    }
  },
  read: (text) => readCodeFacts(text, form),
  byHand: 'Let `bind` name a port above 1023, then change EXPOSE; pid file and logs where UID:GID may write.',
  comment: (uid, { port }) =>
    port === undefined
      ? `Hypercorn as uid ${uid}: pid file where it can write`
      : `Hypercorn as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: (text, isWritable, _given, user) => editCodeSettings(text, form, '/tmp/hypercorn.pid', isWritable, user)
})
