import { resolvePrincipal } from '../src/image/accounts.ts'
import { defineTransform } from '../src/transform.ts'

/**
 * Writes `USER name` as `USER uid:gid` where both numbers are known: Kubernetes' `runAsNonRoot` rejects names. In an image
 * that is non-root already only on request.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { pinNumericUser } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22\nUSER node\nCMD ["node"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [pinNumericUser], only: ['pin-numeric-user'] })
 * text.includes('USER 1000:1000') // => true
 * ```
 */
export const pinNumericUser = defineTransform({
  name: 'pin-numeric-user',
  summary: 'Write the final USER in numbers where both are known',
  description: `Kubernetes' \`runAsNonRoot: true\` rejects an image whose \`USER\` is a name. The last \`USER\` of the shipped stage becomes
\`uid:gid\` when the Dockerfile or the base image says both numbers. The account stays. In an image that is non-root
already this is done only on request: \`unroot --only pin-numeric-user\`.`,
  apply(context) {
    const { stage, stagePlan } = context
    if (stagePlan.stepDown !== undefined) return
    const last = stage.instructions.findLast((instruction) => instruction.keyword === 'USER')
    if (last === undefined || /^\d+:\d+$/.test(last.argumentText)) return
    const { edit, image } = context
    const { userInstruction: instruction, user, accounts } = image.final
    if (instruction === undefined || user === undefined || /^\d+:\d+$/.test(user)) return
    if (instruction !== last || instruction.argumentText !== user) return
    const { uid, gid, isKnown } = resolvePrincipal(user, accounts)
    // A bare unknown uid has gid 0: OpenShift images want it so.
    if (uid === undefined || gid === undefined || !isKnown || uid === 0) return
    const [start, end] = instruction.sourceRange(
      instruction.argumentsLogicalStart,
      instruction.raw.logical.trimEnd().length
    )
    edit.replace(start, end, `${uid}:${gid}`, `USER ${user} is ${uid}:${gid}`)
  }
})
