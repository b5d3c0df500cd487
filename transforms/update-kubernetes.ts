import { createLocator } from '../src/dockerfile/dockerfile.ts'
import { userLabel } from '../src/edit/server-edits.ts'
import type { StageImage } from '../src/image/image.ts'
import { findManifestEdits, type ManifestSource } from '../src/kubernetes/manifest-edits.ts'
import { readManifests } from '../src/kubernetes/manifests.ts'
import type { ImageSecurity } from '../src/kubernetes/security.ts'
import { isInside } from '../src/plan/paths.ts'
import { isServiceOf, type StagePlan } from '../src/plan/plan.ts'
import { readServers } from '../src/plan/server.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Changes Kubernetes manifests with the image that their pods run: what the "restricted" Pod Security Standard asks for, and
 * the new port in containers, probes and Services.
 *
 * @example
 * ```ts
 * import { presets, rewriteFiles } from 'unroot'
 * import { updateKubernetes } from 'unroot/transforms'
 *
 * const tree = new Map([
 *   ['Dockerfile', 'FROM node:22-slim\nCMD ["node", "server.js"]\n'],
 *   ['pod.yaml', 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: team/web\n']
 * ])
 * const { files } = rewriteFiles(tree, { transforms: presets.user, images: { 'team/web': 'Dockerfile' } })
 * files.get('pod.yaml')?.includes('runAsNonRoot: true') // => true
 * presets.user.includes(updateKubernetes) // => true
 * ```
 */
export const updateKubernetes = defineTransform({
  name: 'update-kubernetes',
  summary: 'Change Kubernetes manifests with the image that their pods run',
  description: `Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and Pods whose container runs the image get the security context of
the "restricted" Pod Security Standard: \`runAsNonRoot\`, \`runAsUser\`, \`runAsGroup\`, \`seccompProfile\` and, with volumes,
\`fsGroup\` for the pod; \`allowPrivilegeEscalation: false\` and \`capabilities.drop: [ALL]\` for the container. In a pod with
containers of other images the user is set for the container alone. A port that moves in the image moves in
\`containerPort\`, probes, \`env\`, \`args\`, annotations of Prometheus and service meshes, the \`targetPort\` of Services that
select the pods (a Service's own \`port\` stays), and in NetworkPolicies.

Which image a Dockerfile builds is known from \`--image NAME=Dockerfile\`, from \`image:\` beside \`build:\` in a compose file, from
\`skaffold.yaml\`, or because there is one Dockerfile and one workload.

Left alone: comments, quotes and order; what a manifest says already, with a finding where that contradicts
(\`runAsUser: 0\`, \`privileged: true\`); Helm templates and invalid YAML (a finding names them); \`fsGroup\` where only
configuration is mounted that everybody may read.

\`\`\`diff
     spec:
+      securityContext:
+        runAsNonRoot: true
+        runAsUser: 1000
+        runAsGroup: 1000
+        seccompProfile:
+          type: RuntimeDefault
       containers:
         - name: api
           image: registry.example.com/team/api:1.4
           ports:
-            - containerPort: 80
+            - containerPort: 8080
+          securityContext:
+            allowPrivilegeEscalation: false
+            capabilities:
+              drop:
+                - ALL
\`\`\``,
  isAskedFor: ({ harden, ports = {} }) => harden === true || Object.keys(ports).length > 0,
  apply(context) {
    const { dockerfile, stage, stagePlan, options, changeFile, report } = context
    const moved = new Map(stagePlan.ports.filter(({ from, to }) => from !== to).map(({ from, to }) => [from, to]))
    const sources: ManifestSource[] = []
    for (const input of options.manifests ?? []) {
      if (input.problem !== undefined) {
        report({
          rule: 'unread-manifest',
          severity: moved.size > 0 || input.problem.includes('no valid YAML') ? 'warning' : 'info',
          message: `${input.name}: ${input.problem}, so nothing in it is changed`,
          help:
            moved.size > 0
              ? `Write ${[...moved].map(([from, to]) => `${to} instead of ${from}`).join(', ')} as containerPort, in probes and as targetPort, and runAsUser ${stagePlan.user.text}.`
              : `Set runAsNonRoot, runAsUser ${stagePlan.user.text}, allowPrivilegeEscalation: false, capabilities.drop: [ALL] and seccompProfile there.`
        })
        continue
      }
      const file = readManifests(input.text)
      const images = new Set(
        input.images.filter((each) => isServiceOf(each, dockerfile, stage)).map(({ image }) => image)
      )
      if (file !== undefined) sources.push({ input, file, images })
    }
    if (sources.every(({ images }) => images.size === 0)) return
    const isOnRequest = options.harden === true || options.only?.includes('update-kubernetes') === true
    const setups =
      stagePlan.server === undefined ? [] : readServers(dockerfile, context.image, stagePlan.startUp, options)
    const edits = findManifestEdits(sources, {
      ports: moved,
      commandPorts: new Set(stagePlan.commandPorts),
      security: stagePlan.isNonRoot && !isOnRequest ? undefined : findSecurity(stagePlan, context.image),
      isKnownPort: (port) =>
        stagePlan.isNonRoot ||
        stagePlan.findings.some(
          ({ rule, message }) =>
            /^(?:unknown-listener|low-port)$/.test(rule) && new RegExp(`\\b${port}\\b`).test(message)
        ),
      isServerConfig: (path) =>
        setups.some(
          ({ files, layout }) =>
            files.some(({ file }) => isInside(file.path, path)) ||
            layout.directories.some((each) => isInside(path, each))
        )
    })
    for (const { source, editor, problems, names } of edits) {
      const { path, name, text, isAssumed, isReadOnly } = source.input
      const lineOf = (at: number) => createLocator(text).range(at, at).start.line
      for (const { at, message, ...finding } of problems)
        report({ ...finding, message: `${name} line ${lineOf(at)}: ${message}` })
      if (editor.edits.length === 0) continue
      if (isAssumed === true)
        report({
          rule: 'assumed-image',
          severity: 'info',
          message: `${name} runs ${[...source.images].join(', ')}, which is taken for this Dockerfile's image: there is no other`,
          help: 'Say so with --image NAME=Dockerfile, or give that image another Dockerfile.'
        })
      const isLeft = options.companions === false || isReadOnly === true
      const changed = isLeft ? undefined : editor.finish()
      if (changed !== undefined) {
        changeFile(path, changed, `${name}: ${names.length > 0 ? names.join(', ') : 'security context'}`)
        continue
      }
      for (const { start, message } of [...editor.edits].sort((a, b) => a.start - b.start))
        report({
          rule: 'manifest-left',
          severity: 'warning',
          message: `${name} line ${lineOf(start)}: ${message}`,
          help:
            isReadOnly === true
              ? 'It lies outside the given paths: name a folder that holds both, or change it by hand.'
              : 'Change it by hand, or let unroot change files beside the Dockerfile.'
        })
    }
  }
})

/**
 * Data directories that a program must own, by the base image's service.
 *
 * source: postgres src/bin/initdb/initdb.c, create_data_directory: chmod must succeed; docker-library/postgres README, PGDATA
 */
const ownedData: Readonly<Record<string, { path: string; program: string; variable: string }>> = {
  postgres: { path: '/var/lib/postgresql/data', program: 'PostgreSQL', variable: 'PGDATA' }
}

function findSecurity(stagePlan: StagePlan, image: StageImage): ImageSecurity {
  const { user, findings } = stagePlan
  const isKnown = user.uid !== undefined && user.uid !== 0
  const find = (name: string) => findings.find(({ rule }) => rule === name)?.message
  const sudo = find('uses-sudo')
  return {
    uid: isKnown ? user.uid : undefined,
    gid: isKnown ? user.gid : undefined,
    user: userLabel(stagePlan),
    needsCapabilities: find('needs-capability'),
    needsPrivileges: sudo === undefined ? undefined : 'it uses sudo',
    ownedData: ownedData[image.base.image?.service ?? '']
  }
}
