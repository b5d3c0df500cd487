/** Rules of the findings about Kubernetes manifests. */
import type { Rule } from '../plan/hazard.ts'

export const kubernetesRules: readonly Rule[] = [
  {
    name: 'manifest-left',
    severity: 'warning',
    summary: 'Something in a Kubernetes manifest has to change, and unroot does not change it',
    description: `The value comes from a ConfigMap, is shared with a container of another image by an anchor, belongs to pods of several
images, or means the host's own network; or \`--no-companions\` leaves manifests to you, or the file lies outside the
given paths. The message says the line and the new value.`
  },
  {
    name: 'manifest-security',
    severity: 'warning',
    summary: 'A Kubernetes manifest says something that the "restricted" Pod Security Standard forbids',
    description: `\`runAsUser: 0\`, \`runAsNonRoot: false\`, \`privileged: true\`, added capabilities, the host's directories: what a manifest says
stays, because somebody may have had a reason. Where it makes the container run as root the image's \`USER\` has no effect.
The same rule says why \`runAsNonRoot\` or \`capabilities.drop\` was not added: a user whose number is not known, \`sudo\` in
the image, file capabilities.`
  },
  {
    name: 'unread-manifest',
    severity: 'warning',
    summary: 'A Kubernetes manifest that runs the image could not be read',
    description: `It is no valid YAML, or a template (Helm, Go) that is none before it is rendered. unroot never edits such a file. Bring
\`containerPort\`, probes and the Service's \`targetPort\` in line with the image by hand, and set \`runAsNonRoot\`,
\`runAsUser\`, \`allowPrivilegeEscalation: false\`, \`capabilities.drop: [ALL]\` and \`seccompProfile\`. Only files that name the
image are reported; where nothing moves in the image, the finding is an \`info\`.`
  },
  {
    name: 'assumed-image',
    severity: 'info',
    summary: 'A manifest is taken to run the only image of the tree',
    description: `There is one Dockerfile, and one workload with one image that is not a public one: they are taken to belong together.
\`--image NAME=Dockerfile\` (or \`image\` in the config) says so for certain, or says otherwise.`
  }
]
