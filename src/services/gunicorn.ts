/** gunicorn: its configuration is Python, `gunicorn.conf.py` where it is started. */
import { type CodeForm, editCodeSettings, readCodeFacts } from './code-config.ts'
import { defineServer } from './server.ts'

// source: docs.gunicorn.org settings; gunicorn/pidfile.py makes the file beside itself and renames it
const form: CodeForm = {
  line: /^(bind|pidfile|user|group|accesslog|errorlog|logfile|worker_tmp_dir|statsd_socket)\s*=(.*)$/,
  listens: ['bind'],
  files: ['accesslog', 'errorlog', 'logfile'],
  made: [],
  directories: ['worker_tmp_dir'],
  pid: ['pidfile'],
  users: ['user', 'group']
}

const bindFlag = /^(?:-b|--bind(?:=.*)?|-b.+)$/

export const gunicorn = defineServer({
  name: 'gunicorn',
  programs: ['gunicorn', 'gunicorn_paster', 'gunicorn_django'],
  services: [],
  packages: /^(?:python3-)?gunicorn$/,
  isOptional: true,
  isQuiet: true,
  findLayout: ({ workdir }) => ({
    name: 'gunicorn',
    root: 'gunicorn.conf.py',
    prefix: workdir,
    directories: [],
    files: [],
    writable: [],
    pid: '',
    logs: []
  }),
  isOverridden: ({ args, environment }) =>
    args.some((word) => bindFlag.test(word)) || /(?:^|\s)(?:-b|--bind)\b/.test(environment('GUNICORN_CMD_ARGS') ?? ''),
  readArguments(args) {
    const index = args.findIndex((word) => word === '-c' || word === '--config')
    const joined = args
      .map((word) => /^(?:--config=|-c(?=[^-]))(.+)$/.exec(word)?.[1])
      .find((each) => each !== undefined)
    const config = (index === -1 ? joined : args[index + 1])?.replace(/^file:/, '')
    return { config: config?.startsWith('python:') ? undefined : config, prefix: undefined, settings: new Map() }
  },
  read: (text) => readCodeFacts(text, form),
  byHand:
    'Let `bind` name a port above 1023, then change EXPOSE; no `user` and `group`; pid file and logs where UID:GID may write.',
  comment: (uid, { port }) =>
    port === undefined
      ? `gunicorn as uid ${uid}: pid file where it can write, no change of user`
      : `gunicorn as uid ${uid} can't bind port ${port} everywhere`,
  editSettings: (text, isWritable, _given, user) => editCodeSettings(text, form, '/tmp/gunicorn.pid', isWritable, user)
})
