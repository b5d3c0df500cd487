import { defineHazard } from '../hazard.ts'
import { givesRightsToRootGroup } from '../user.ts'

export const otherStrategy = defineHazard({
  name: 'other-strategy',
  severity: 'info',
  summary: 'The image is made for any uid of group 0, and strategy `user` was asked for',
  description: `With \`--strategy user\` the image runs as one account. This one is non-root already in another way: its files
belong to group 0 with the rights of their owner, so that a platform can start it as any uid (strategy \`arbitrary-user\`).
It runs as one uid just as well, so nothing is taken back. To have it belong to one account alone, convert the file as it
was before.`,
  *find({ image, options }) {
    const { user = '', userInstruction } = image.final
    if (options.strategy !== 'user' || userInstruction === undefined || !/^\d+(?::0)?$/.test(user)) return
    if (!user.endsWith(':0') && !givesRightsToRootGroup(image)) return
    yield {
      message: `USER ${user}: the image is made for any uid of group 0; it runs as that one uid too, so it stays`,
      help: 'Nothing to do. `unroot --strategy arbitrary-user` keeps it as it is.',
      at: userInstruction
    }
  }
})
