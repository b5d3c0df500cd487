import { describe, expect, test } from 'vitest'
import * as yaml from 'yaml'
import { isSameImage, namesImage } from '../src/image/names.ts'
import { rewriteFiles } from '../src/rewrite-files.ts'
import { readFixtures, runFixture } from './support/fixtures.ts'

type Json = Record<string, unknown>
const map = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(map) : [])

/** The pods that a file starts, each as its `spec`. */
function podsOf(text: string): Json[] {
  const documents = yaml.parseAllDocuments(text, { merge: true }).map((document) => map(document.toJS()))
  const all = documents.flatMap((each) => (each.kind === 'List' ? list(each.items) : [each]))
  return all.flatMap(({ kind, spec }) => {
    if (kind === 'Pod') return [map(spec)]
    const job = kind === 'CronJob' ? map(map(spec).jobTemplate).spec : spec
    const pod = map(map(map(job).template).spec)
    return Object.keys(pod).length > 0 ? [pod] : []
  })
}

/**
 * What keeps a container from the "restricted" profile, the baseline included.
 *
 * source: kubernetes.io/docs/concepts/security/pod-security-standards
 */
function violations(pod: Json, container: Json): string[] {
  const outer = map(pod.securityContext)
  const own = map(container.securityContext)
  const found: string[] = []
  const check = (isMet: boolean, what: string) => isMet || found.push(what)
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) check(pod[key] !== true, key)
  for (const volume of list(pod.volumes)) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name')
    const allowed = /^(?:configMap|csi|downwardAPI|emptyDir|ephemeral|image|persistentVolumeClaim|projected|secret)$/
    check(
      kinds.every((kind) => allowed.test(kind)),
      `volume ${kinds.join()}`
    )
  }
  for (const port of list(container.ports)) check(port.hostPort === undefined || port.hostPort === 0, 'hostPort')
  check(own.privileged !== true, 'privileged')
  check(own.procMount === undefined || own.procMount === 'Default', 'procMount')
  check(own.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation')
  check((own.runAsNonRoot ?? outer.runAsNonRoot) === true, 'runAsNonRoot')
  check(outer.runAsNonRoot !== false || own.runAsNonRoot === true, 'runAsNonRoot of the pod')
  check((own.runAsUser ?? outer.runAsUser) !== 0, 'runAsUser')
  const seccomp = map(own.seccompProfile ?? outer.seccompProfile).type
  check(seccomp === 'RuntimeDefault' || seccomp === 'Localhost', 'seccompProfile')
  const { add, drop } = map(own.capabilities) as { add?: string[]; drop?: string[] }
  check(drop?.includes('ALL') === true, 'capabilities.drop')
  check(
    (add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
    'capabilities.add'
  )
  return found
}

const { cases } = readFixtures()
const own = cases.filter(({ group }) => group === 'update-kubernetes')

/** Cases whose manifests say what the standard forbids; each has a finding that says so. */
const left: Record<string, string[]> = {
  'update-kubernetes/anchors': ['allowPrivilegeEscalation', 'runAsNonRoot', 'seccompProfile', 'capabilities.drop'],
  'update-kubernetes/contradictions': [
    'hostPID',
    'privileged',
    'allowPrivilegeEscalation',
    'runAsNonRoot',
    'runAsNonRoot of the pod',
    'runAsUser',
    'seccompProfile',
    'capabilities.drop',
    'capabilities.add'
  ],
  'update-kubernetes/host-network': ['hostNetwork', 'hostPort'],
  'update-kubernetes/probes-environment-and-arguments': ['hostPort'],
  'update-kubernetes/user-without-number': ['runAsNonRoot'],
  'update-kubernetes/volumes': ['volume hostPath']
}

describe('the "restricted" Pod Security Standard', () => {
  const rows = own.flatMap((fixture) => {
    const { files, companions } = runFixture(fixture)
    return companions
      .filter(({ path }) => /\.ya?ml$/.test(path))
      .map(({ path }) => ({
        fixture,
        path,
        before: fixture.before.get(path) as string,
        after: files.get(path) as string
      }))
  })

  test('there are cases of every kind of workload', () => {
    const kinds = new Set(
      rows.flatMap(({ after }) => [...after.matchAll(/^ *(?:- )?kind: (\w+)/gm)].map(([, kind]) => kind))
    )
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod', 'Service', 'List'])
      expect([...kinds]).toContain(kind)
  })

  test.each(
    rows
      .filter(({ after }) => /securityContext/.test(after))
      .map((row) => [`${row.fixture.id} ${row.path}`, row] as const)
  )('holds for %s', (_, { fixture, before, after }) => {
    const pods = podsOf(after)
    const old = podsOf(before)
    let changed = 0
    for (const [index, pod] of pods.entries())
      for (const key of ['containers', 'initContainers'])
        for (const [at, container] of list(pod[key]).entries()) {
          const unchanged = JSON.stringify(list(old[index]?.[key])[at]) === JSON.stringify(container)
          const isOthers = /^(?:busybox|quay\.io|envoyproxy|team\/app)/.test(String(container.image))
          if (isOthers) {
            expect(container.securityContext).toEqual(list(old[index]?.[key])[at]?.securityContext)
            continue
          }
          if (!unchanged) changed++
          const known = left[fixture.id] ?? []
          expect(violations(pod, container).filter((each) => !known.includes(each))).toEqual([])
        }
    expect(changed).toBeGreaterThan(0)
  })

  test('no container of another image is made to run as this one', () => {
    const { files } = runFixture(own.find(({ id }) => id.endsWith('/sidecars')) as (typeof own)[number])
    const [pod] = podsOf(files.get('k8s/web.yaml') as string)
    expect(pod?.securityContext).toEqual({ fsGroup: 1000 })
  })
})

describe('image names', () => {
  test.each([
    ['registry.example.com/team/api', 'registry.example.com/team/api:1.2', true],
    ['registry.example.com/team/api', 'registry.example.com/team/api@sha256:0123', true],
    ['registry.example.com/team/api:latest', 'registry.example.com/team/api:1.2@sha256:0123', true],
    ['registry.example.com:5000/api', 'registry.example.com:5000/api', true],
    ['registry.example.com/team/api', 'team/api', true],
    ['registry.example.com/team/api', 'other.example.com/team/api', false],
    ['api', 'registry.example.com/team/api:1.2', true],
    ['team/api', '${REGISTRY}/team/api:${TAG}', true],
    ['api', 'team/web-api', false],
    ['api', 'api-web', false],
    ['docker.io/library/api', 'api', true],
    ['other/api', 'team/api', false],
    ['api', '${IMAGE}', false]
  ])('%s names %s: %s', (name, image, is) => expect(namesImage(name, image)).toBe(is))

  test('what tools compare as a whole is not the end of a longer name', () => {
    expect(isSameImage('api', 'team/api')).toBe(false)
    expect(isSameImage('team/api:1', 'gcr.io/team/api:2')).toBe(true)
  })
})

describe('manifests', () => {
  const dockerfile = 'FROM node:22-slim\nENV PORT=80\nEXPOSE 80\nCMD ["node", "server.js"]\n'
  const manifest = (image: string, more = '') =>
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n      image: ${image}\n${more}`

  test('an alias that leads back to itself, and other oddities, do no harm', () => {
    for (const text of [
      'apiVersion: v1\nkind: List\nitems: &a\n  - apiVersion: v1\n    kind: List\n    items: *a\n',
      'apiVersion: v1\nkind: Pod\nspec: { containers: [ { image: web }, null, 3, [ ] ] }\n',
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: web\n      securityContext:\n      ports:\n',
      'apiVersion: v1\nkind: Pod\nspec: &s\n  containers:\n    - &c { <<: *c, image: web }\n',
      '{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "web", "image": "web"}]}}'
    ]) {
      const tree = new Map([
        ['Dockerfile', dockerfile],
        ['k8s.yaml', text]
      ])
      const { reports } = rewriteFiles(tree, { images: { web: 'Dockerfile' } })
      expect(['converted', 'needs-review']).toContain(reports[0]?.verdict)
    }
  })

  test.each(['[{name: web, image: team/web}]', '\n    - {name: web, image: team/web}', '[{"image": "team/web"}]'])(
    'a container in flow style is found: %s',
    (containers) => {
      const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: ${containers}\n`
      const tree = new Map([
        ['Dockerfile', 'FROM node:22-slim\nCMD ["node", "server.js"]\n'],
        ['pod.yaml', pod]
      ])
      const { files } = rewriteFiles(tree, { images: { 'team/web': 'Dockerfile' } })
      expect(
        podsOf(files.get('pod.yaml') ?? '').flatMap((each) => violations(each, list(each.containers)[0] ?? {}))
      ).toEqual([])
    }
  )

  test('an image that somebody gave to another Dockerfile is not taken for the only one', () => {
    const tree = new Map([
      ['Dockerfile', dockerfile],
      ['k8s.yaml', manifest('team/web')]
    ])
    expect(rewriteFiles(tree).companions.map(({ path }) => path)).toEqual(['k8s.yaml'])
    expect(rewriteFiles(tree, { images: { web: 'elsewhere/Dockerfile' } }).companions).toEqual([])
    tree.set('k8s.yaml', manifest('postgres:16'))
    expect(rewriteFiles(tree).companions).toEqual([])
  })

  test('a port that is asked for moves in manifests of an image that is non-root already', () => {
    const tree = new Map([
      ['Dockerfile', dockerfile.replace('CMD', 'USER 1000:1000\nCMD')],
      ['k8s.yaml', manifest('web', '      ports: [{containerPort: 80}]\n')],
      ['compose.yaml', 'services:\n  web:\n    build: .\n    ports: ["80:80"]\n']
    ])
    expect(rewriteFiles(tree).companions).toEqual([])
    const { files } = rewriteFiles(tree, { ports: { 80: 9000 } })
    expect(files.get('k8s.yaml')).toBe(manifest('web', '      ports: [{containerPort: 9000}]\n'))
    expect(files.get('compose.yaml')).toContain('"80:9000"')
  })
})
