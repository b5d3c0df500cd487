/** Puma, also behind `rails server`: `config/puma.rb`. */
import { type CodeForm, editCodeSettings, readCodeFacts } from './code-config.ts'
import { defineServer } from './server.ts'

// source: puma/puma lib/puma/dsl.rb; ports and binds of the file count unless arguments say others
const form: CodeForm = {
  line: /^\s*(port|bind|ssl_bind|pidfile|state_path|stdout_redirect|activate_control_app)\b[ (](.*)$/,
  listens: ['port', 'bind'],
  files: ['stdout_redirect', 'state_path'],
  made: [],
  directories: [],
  pid: ['pidfile'],
  users: []
}

export const puma = defineServer({
  name: 'Puma',
  programs: ['puma', 'rails'],
  services: [],
  packages: /^puma$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir, program, args }) =>
    program === 'rails' && !/^(?:s|server)$/.test(args[0] ?? '')
      ? undefined
      : {
          name: 'Puma',
          root: 'config/puma.rb',
          prefix: workdir,
          directories: [],
          files: [],
          writable: [],
          pid: '',
          logs: []
        },
  isOverridden: ({ args }) => args.some((word) => /^(?:-p|-b|--port|--bind)(?:=|$)/.test(word)),
  readArguments(args) {
    const index = args.findIndex((word) => word === '-C' || word === '--config')
    const joined = args.map((word) => /^--config=(.+)$/.exec(word)?.[1]).find((each) => each !== undefined)
    const config = index === -1 ? joined : args[index + 1]
    return { config: config === '-' ? undefined : config, prefix: undefined, settings: new Map() }
  },
  read: (text) => readCodeFacts(text, form),
  byHand:
    'Let `port` or `bind` name a port above 1023, then change EXPOSE; pid file, state and logs where UID:GID may write.',
  comment: (uid, { port }) =>
    port === undefined
      ? `Puma as uid ${uid}: pid file where it can write`
      : `Puma as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: (text, isWritable, _given, user) => editCodeSettings(text, form, '/tmp/puma.pid', isWritable, user)
})
