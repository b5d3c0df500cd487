import { resolvePrincipal } from '../src/image/accounts.ts'
import { isRoot, readImage, stateBefore } from '../src/image/image.ts'
import { isRootHome } from '../src/plan/paths.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Puts `uid=,gid=` on the cache mounts of each `RUN` that runs as the user.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { ownCacheMounts } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22\nUSER node\nRUN --mount=type=cache,target=/root/.npm npm ci\nCMD ["node"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [ownCacheMounts], only: ['own-cache-mounts'] })
 * text.includes('target=/home/node/.npm,uid=1000,gid=1000') // => true
 * ```
 */
export const ownCacheMounts = defineTransform({
  name: 'own-cache-mounts',
  summary: 'Give cache mounts to the user whose RUN uses them',
  description: `A \`RUN --mount=type=cache\` belongs to root with mode 0755, and its customary target stands under \`/root\`: a \`RUN\` behind
\`USER\` can neither enter nor fill it. Such mounts get \`uid=\` and \`gid=\`, and a target under \`/root\` moves to the user's
home. Steps before \`USER\` run as root and stay as they are; unroot leaves installs there. In an image that is non-root
already this is done only on request: \`unroot --only own-cache-mounts\`.

\`\`\`diff
 USER 1000:1000
-RUN --mount=type=cache,target=/home/node/.npm npm ci
+RUN --mount=type=cache,target=/home/node/.npm,uid=1000,gid=1000 npm ci
\`\`\``,
  // source: BuildKit frontend/dockerfile/docs/reference.md "RUN --mount=type=cache": uid and gid default to 0, mode to 0755
  apply(context) {
    const { dockerfile } = context
    if (!dockerfile.text.includes('type=cache')) return
    const { image } = context
    for (const stage of image.lineage) {
      const own = readImage(dockerfile, stage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN') continue
        const state = stateBefore(own, instruction)
        if (isRoot(state)) continue
        const { uid, gid, home, hasHome } = resolvePrincipal(state.user ?? '', state.accounts)
        if (uid === undefined) continue
        for (const { name, value, valueStart, valueEnd } of instruction.flags) {
          if (name !== 'mount' || value === undefined || !/(?:^|,)type=cache(?:,|$)/.test(value)) continue
          if (/(?:^|,)(?:uid|gid)=|["'$]/.test(value)) continue
          const owned = `${value},uid=${uid},gid=${gid ?? 0}`
          const text = owned.replace(/((?:^|,)(?:target|dst|destination)=)(\/root\/[^,]*)/, (all, key, target) =>
            hasHome && home !== undefined && isRootHome(target) ? `${key}${home}${target.slice('/root'.length)}` : all
          )
          context.edit.replace(
            valueStart,
            valueEnd,
            text,
            `the cache belongs to ${uid}:${gid ?? 0}, who runs this step`
          )
        }
      }
    }
  }
})
