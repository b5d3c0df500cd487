import { addServerRun, findOwnComment, findServerEdits, userLabel } from '../src/edit/server-edits.ts'
import { addSetup, findSetupPlace } from '../src/edit/setup-run.ts'
import { isInside } from '../src/plan/paths.ts'
import type { ServerPath } from '../src/plan/server.ts'
import { canRun } from '../src/plan/user.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Lets a recognised server start without root: pid file, temporary and log directories, `user` directives of its own
 * configuration.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { prepareServer } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM nginx:1.27\n'
 * const { text } = rewrite(dockerfile, { transforms: [prepareServer] })
 * text.includes('chown 101:101 /var/cache/nginx') // => true
 * ```
 */
export const prepareServer = defineTransform({
  name: 'prepare-server',
  summary: 'Let a server start without root: pid file, temporary and log directories, `user` directives',
  description: `Servers say in their own configuration where they keep pid file, sockets, caches and logs, and to which user they change.
unroot reads those of nginx, Apache, Tomcat, Caddy, Traefik, HAProxy, lighttpd, Varnish, php-fpm, uWSGI, gunicorn, Puma, supervisord and
others. A user that the configuration names is kept: the image starts as that account, and the line is removed only where it
says another. For a configuration of the
build context the file itself is edited, by exact ranges: comments and layout stay. The base image's own configuration
is edited by one \`RUN sed\` behind the last \`COPY\`. The ports in both are the work of \`remap-ports\`.

Caddy's program loses its file capability: with one it does not start where all capabilities are dropped.

Left alone: configurations that cannot be read in the build context (a finding says what to look after), and everything
with \`--no-companions\`: then only directories are given to the user, and the findings list the edits to make by hand.

\`\`\`diff
 FROM nginx:1.27
 COPY dist /usr/share/nginx/html
+# nginx as uid 101: high port, pid file and caches where it can write
+RUN sed -i 's/^\\( *listen *\\)80;/\\18080;/' /etc/nginx/conf.d/default.conf \\
+    && sed -i -e '/^user /d' -e 's,^pid .*,pid /tmp/nginx.pid;,' /etc/nginx/nginx.conf \\
+    && chown 101:101 /var/cache/nginx
-EXPOSE 80
+EXPOSE 8080
+USER 101:101
\`\`\``,
  apply(context) {
    const planned = context.stagePlan.server
    // Most images run no server of these: neither their state nor an editor is asked for.
    if (planned === undefined) return
    const { dockerfile, stage, image, stagePlan, edit } = context
    const found = findServerEdits(context, { ports: false, settings: true })
    const [first] = found
    if (first === undefined) return
    for (const each of found) {
      for (const [name, text] of each.context) context.changeFile(name, text, `${name}: pid file and user`)
      for (const { start, end, text, message } of each.dockerfile) edit.replace(start, end, text, message)
    }
    // Done already, by hand or by a run of this transform alone: `setcap -r` fails the second time.
    const isDone = (command: string) =>
      image.lineage.some((each) =>
        each.instructions.some(({ keyword, raw }) => keyword === 'RUN' && raw.logical.includes(command))
      )
    const byServer = found.map(({ commands, setup: { layout } }) => [
      ...commands,
      ...(layout.commands ?? []).filter((command) => !isDone(command))
    ])
    const commands = byServer.flat()
    if (!canRun(image)) return
    // What changes in a volume behind its VOLUME is lost under the legacy builder and buildah.
    const volumes = image.final.volumes.filter((path) => !image.initial.volumes.includes(path))
    const inVolume = planned.paths.filter(({ path }) => volumes.some((volume) => isInside(path, volume)))
    if (inVolume.length > 0) {
      const place = findSetupPlace(dockerfile, stage, stagePlan, [])
      const message = `give ${inVolume.map(({ path }) => path).join(', ')} to ${stagePlan.user.text} before it is a volume`
      addSetup(edit, dockerfile, stage, place, ownPaths(stagePlan.user.text, inVolume), message)
    }
    const rest = planned.paths.filter((each) => !inVolume.includes(each))
    const all = [...commands, ...ownPaths(stagePlan.user.text, rest)]
    if (all.length === 0) return
    const uid = userLabel(stagePlan)
    // The comment is that of the server whose configuration or program needs a command.
    const { setup } = found.find((_, index) => (byServer[index] ?? []).length > 0) ?? first
    const ports = planned.listened.filter((port) => stagePlan.ports.some(({ from }) => from === port))
    const whole = (port: number | undefined) =>
      setup.server.comment(uid, { ...(port === undefined ? {} : { port }), settings: true })
    const setups = found.map((each) => each.setup)
    for (const port of ports) {
      const comment = findOwnComment(dockerfile, stage, setups, setup.server.comment(uid, { port, settings: false }))
      if (comment !== undefined && commands.length > 0)
        edit.replace(comment.start, comment.end, `# ${whole(port)}`, 'say what the RUN is for')
    }
    const comment = commands.length > 0 ? whole(undefined) : undefined
    addServerRun(context, setups, all, comment, `let ${planned.name} start as ${stagePlan.user.text}`)
  }
})

function ownPaths(user: string, paths: readonly ServerPath[]): string[] {
  const list = (group: readonly { path: string }[]) => group.map(({ path }) => path).join(' ')
  const missing = paths.filter((each) => each.isNew && each.kind === 'directory')
  const files = paths.filter((each) => each.isNew && each.kind === 'file')
  const plain = paths.filter((each) => !each.isRecursive)
  const recursive = paths.filter((each) => each.isRecursive)
  return [
    ...(missing.length > 0 ? [`mkdir -p ${list(missing)}`] : []),
    ...(files.length > 0 ? [`touch ${list(files)}`] : []),
    ...(plain.length > 0 ? [`chown ${user} ${list(plain)}`] : []),
    ...(recursive.length > 0 ? [`chown -R ${user} ${list(recursive)}`] : []),
    ...paths.flatMap(({ path, mode }) => (mode === undefined ? [] : [`chmod ${mode} ${path}`]))
  ]
}
