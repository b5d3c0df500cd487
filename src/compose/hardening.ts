/** What `--harden` adds to a service. */
import type { YamlEditor } from '../edit/yaml-editor.ts'
import { listItems, scalarText } from '../edit/yaml-nodes.ts'
import type { StagePlan } from '../plan/plan.ts'
import { stepDownCapabilities } from '../plan/step-down.ts'
import { type ComposeService, readVolume } from './compose-file.ts'
import type { ComposeProblem } from './service-edits.ts'

/** What is known of the process, for `--harden`. */
export interface Hardening {
  /** Places that are written and may be empty at each start, each with the mount's options. */
  tmpfs: readonly string[]
  /** Places that are written and hold something: volumes of the service cover them, or the file system stays writable. */
  data: readonly string[]
  /** What the entrypoint needs before it becomes the user. */
  capabilities: readonly string[]
  /** Why privileges must stay obtainable; undefined: they need not. */
  needsPrivileges: string | undefined
}

/** Adds what the service does not say itself; what it says stays. */
export function addHardening(editor: YamlEditor, service: ComposeService, harden: Hardening): ComposeProblem[] {
  const problems: ComposeProblem[] = []
  const node = service.node
  const at = node.range?.[0] ?? 0
  const lists = (key: string) => listItems(service.get(key)).map((item) => (scalarText(item) ?? '').toUpperCase())
  if (service.get('cap_drop') === undefined) {
    const needed = service.get('cap_add') === undefined && service.get('user') === undefined ? harden.capabilities : []
    const others = needed.length > 0 ? `but ${needed.join(', ')}, with which the entrypoint becomes the user` : ''
    editor.addPair(node, 'cap_drop', ['ALL'], `${service.name}: no capabilities ${others}`.trimEnd())
    if (needed.length > 0) editor.addPair(node, 'cap_add', needed, `${service.name}: capabilities of the entrypoint`)
  }
  const hasOption = lists('security_opt').some((option) => option.startsWith('NO-NEW-PRIVILEGES'))
  if (harden.needsPrivileges !== undefined)
    problems.push({
      rule: 'compose-left',
      severity: 'info',
      at,
      message: `${service.name} is left without no-new-privileges: ${harden.needsPrivileges}`,
      help: 'Remove what needs it from the image first.'
    })
  else if (!hasOption) {
    const options = service.pair('security_opt')?.value
    if (options === undefined || options === null)
      editor.addPair(node, 'security_opt', ['no-new-privileges:true'], `${service.name}: no new privileges`)
    else if (service.get('security_opt') === options && 'items' in options)
      editor.addItem(options as never, 'no-new-privileges:true', `${service.name}: no new privileges`)
  }
  if (service.get('read_only') !== undefined || service.get('privileged') !== undefined) return problems
  const mounted = listItems(service.get('volumes')).flatMap((item) => {
    const anonymous = /^\/[^:]*$/.exec(scalarText(item) ?? '')?.[0]
    return anonymous ?? readVolume(item).map(({ target }) => target)
  })
  const isMounted = (path: string) => mounted.some((folder) => path === folder || path.startsWith(`${folder}/`))
  const loose = harden.data.filter((path) => !isMounted(path))
  if (loose.length > 0) {
    problems.push({
      rule: 'read-only-left',
      severity: 'info',
      at,
      message: `${service.name} keeps a writable file system: the process may write ${loose.join(', ')}`,
      help: 'Put a volume there if it does; else add `read_only: true` by hand and try it.'
    })
    return problems
  }
  editor.addPair(node, 'read_only', true, `${service.name}: the file system is read-only`)
  if (service.get('tmpfs') === undefined) {
    const tmpfs = harden.tmpfs.filter((entry) => !isMounted(entry.split(':')[0] as string))
    if (tmpfs.length > 0) editor.addPair(node, 'tmpfs', tmpfs, `${service.name}: places that it writes`)
  }
  return problems
}

/** What the plan of a stage allows. */
export function findHardening({ written: planned, server, user, findings, ...stage }: StagePlan): Hardening {
  const written = [...planned, ...(server?.paths ?? [])]
  const folders = written.map(({ path, kind }) => (kind === 'file' ? path.slice(0, path.lastIndexOf('/')) : path))
  const isTemporary = (path: string) => /^\/(?:tmp|run|var\/(?:run|tmp|cache|log|lock))(?:\/|$)/.test(path)
  const [uid, gid] = user.text.split(':')
  // source: runc, libcontainer/rootfs_linux.go: a tmpfs takes over the mode of the directory under it, not its owner
  const owner = /^\d+$/.test(uid ?? '') ? `:uid=${uid},gid=${gid ?? 0}` : ''
  const own = [...new Set(folders.filter((path) => isTemporary(path) && !/^\/(?:var\/)?tmp(?:\/|$)/.test(path)))]
  const sudo = findings.find(({ rule }) => rule === 'uses-sudo')
  return {
    tmpfs: ['/tmp', ...own.map((path) => `${path}${owner}`)],
    data: [...new Set(folders.filter((path) => !isTemporary(path)))],
    capabilities: stage.stepDown !== undefined || stage.isSteppingDown ? stepDownCapabilities : [],
    needsPrivileges: sudo === undefined ? undefined : 'it uses sudo'
  }
}
