import { passwdPrograms } from '../../services/passwd-programs.ts'
import { defineHazard } from '../hazard.ts'
import { baseName } from '../paths.ts'

/** The file has an answer of its own. */
const isProvided = /nss[_-]wrapper|NSS_WRAPPER|libuid_wrapper|ch(?:mod|grp|own)\s[^\n]*\/etc\/passwd|>>\s*\/etc\/passwd/

export const needsPasswdEntry = defineHazard({
  name: 'needs-passwd-entry',
  severity: 'warning',
  summary: 'A program asks for the name of its uid, and an arbitrary uid has none',
  description: `With strategy \`arbitrary-user\` the platform chooses the uid, and \`/etc/passwd\` has no line for it. Most programs never
ask; ssh, whoami, PostgreSQL, Hadoop, Python's \`getpass.getuser\` and some others do, and end with an error. The JVM goes on
with "?" for \`user.name\`.

OpenShift 4 and other platforms on CRI-O write a line for the uid when they start the container, so there nothing is to be
done. Elsewhere (\`docker run --user\`, Kubernetes' \`runAsUser\` on containerd) there are two ways, and unroot adds neither by
itself, because both change what the process can do:

- **nss_wrapper** answers the question from files of your own. Install \`libnss-wrapper\` (Debian; \`nss_wrapper\` on Alpine and
  Red Hat), and in the entrypoint script:

  \`\`\`sh
  export NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/etc/group LD_PRELOAD=libnss_wrapper.so
  { cat /etc/passwd; echo "app:x:$(id -u):0::$HOME:/sbin/nologin"; } > /tmp/passwd
  \`\`\`

  Programs that are linked statically (Go, musl) do not see it.
- **A group-writable /etc/passwd**: \`RUN chmod g=u /etc/passwd\`, and in the entrypoint script

  \`\`\`sh
  whoami >/dev/null 2>&1 || echo "app:x:$(id -u):0::$HOME:/sbin/nologin" >> /etc/passwd
  \`\`\`

  It needs a writable root file system, and whoever takes over the process can write himself a line with uid 0 there; scanners
  complain about it (CVE-2019-19355 and its kin).

Where the program takes the name from a variable (\`USER\`, \`PGUSER\`, \`HADOOP_USER_NAME\`), setting that is simpler than both.`,
  *find({ image, startUp }) {
    const texts = image.lineage.flatMap((stage) => stage.instructions.map(({ source }) => source))
    const scripts = startUp.scripts.map(({ text }) => text ?? '')
    if ([...texts, ...scripts].some((text) => isProvided.test(text))) return
    const { environment } = image.final
    // source: docker-library/postgres docker-entrypoint.sh: it starts with libnss_wrapper.so where getent finds no entry
    if (image.base.image?.service === 'postgres' && startUp.entrypoint?.instruction === undefined) return
    for (const { name, args, guard, place } of startUp.programs) {
      if (guard === 'root') continue
      const program = baseName(name)
      const known = passwdPrograms.find(
        (each) => each.programs.test(program) && (each.arguments?.test(args.join(' ')) ?? true)
      )
      if (known === undefined || known.variables?.some((variable) => environment.has(variable))) continue
      const { severity, effect, variables } = known
      yield {
        severity,
        message: `${place} runs ${program}, which ${effect} when the uid has no line in /etc/passwd`,
        help: `${variables === undefined ? '' : `Set ${variables[0]}. Else g`}${variables === undefined ? 'G' : ''}ive the uid a name when the container starts, by nss_wrapper or a group-writable /etc/passwd (unroot explain needs-passwd-entry has both); OpenShift 4 does it itself.`
      }
    }
  }
})
