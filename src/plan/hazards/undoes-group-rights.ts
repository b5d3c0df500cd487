import { resolvePrincipal } from '../../image/accounts.ts'
import { defineHazard } from '../hazard.ts'
import { isInside } from '../paths.ts'
import { findAccountPlaces, findApplicationDirectories, isPrincipal, isWebRoot, planPaths } from '../writable-paths.ts'

export const undoesGroupRights = defineHazard({
  name: 'undoes-group-rights',
  severity: 'warning',
  summary: 'A path that any uid must write is given to another account',
  description: `With strategy \`arbitrary-user\` the process writes as a member of group 0. A \`chown\` or \`--chown=\` that gives such a path to
another account and its group takes that away again. Where the Dockerfile names the account that the image would run as,
unroot writes group 0 in its place; another account (of a second service, say) it leaves.`,
  *find({ dockerfile, image, copies, runFacts, startUp, user, options }) {
    const own = findApplicationDirectories(dockerfile, image, copies, startUp)
    const { readContext, mounts } = options
    const paths = planPaths(dockerfile, image, copies, runFacts, startUp, user, own, readContext, mounts)
    const left = findAccountPlaces(image, user).filter(
      (path) => !isWebRoot(path) && !paths.some((each) => isInside(path, each.path))
    )
    if (left.length > 0)
      yield {
        message: `${left.join(', ')} belongs to ${user.replaces?.name} alone in ${image.base.reference.text}: any other uid of group 0 cannot write it`,
        help: `If the program writes there: RUN chgrp -R 0 ${left.join(' ')} && chmod -R g=u ${left.join(' ')} (as root, before USER), or an image of its vendor for arbitrary uids.`
      }
    const { accounts } = image.final
    const isOther = (text: string) => {
      const owner = resolvePrincipal(text.replace(/\.(?=[a-z])/, ':'), accounts)
      return !/[$:]$|^:|^$/.test(text) && owner.gid !== 0 && owner.uid !== 0 && !isPrincipal(owner, user)
    }
    const given = [
      ...runFacts.all
        .filter(({ kind }) => kind === 'own')
        .map(({ value, path, instruction }) => ({ value, path, instruction })),
      ...copies.flatMap(({ instruction, destination }) => {
        const value = instruction.flag('chown')?.value
        return value === undefined || value.includes('$') ? [] : [{ value, path: destination, instruction }]
      })
    ]
    for (const { value, path, instruction } of given) {
      if (!isOther(value) || !paths.some((each) => isInside(path, each.path))) continue
      // Behind the step that makes the directory it gets the planned owner.
      const maker = runFacts.at(path).findLast(({ kind }) => kind === 'make')?.instruction
      if (maker !== undefined && maker.index >= instruction.index) continue
      yield {
        message: `${path} is given to ${value}: any other uid of group 0 cannot write it`,
        help: `Write ${value.split(/[:.]/)[0]}:0 there and chmod g=u behind it, or leave it out where the process does not write it.`,
        at: instruction
      }
    }
  }
})
