import type { ReportedUser } from '../../types.ts'
import { defineHazard } from '../hazard.ts'

const describeUser = (user: ReportedUser | null): string =>
  user?.uid == null ? (user?.name ?? 'another user') : `${user.uid}:${user.gid ?? user.uid}`

export const unknownBase = defineHazard({
  name: 'unknown-base',
  severity: 'warning',
  summary: 'Nothing is known of the base image',
  description: `The base image is private, rare or named by a variable without a default. Its user, accounts, entrypoint and
directories are unknown. With a command of its own the Dockerfile is converted with numbers only and needs a review;
when the command comes from that base as well, it is refused: nothing says which program would run as the new user.

A well-known name behind another registry (\`harbor.example.com/proxy/library/node\`), behind a variable that by its name
holds a registry (\`\${REGISTRY}/node:22\`) or with a tag that is a variable is read as the public image. Where that is an
assumption that matters, it is a warning. \`FROM $BUILD_FROM\` of a Home Assistant add-on is refused: its base image starts
s6-overlay as root.

A base image that another Dockerfile of the same tree builds is read as what that one says: where a compose file or
\`--image NAME=Dockerfile\` names it, or where its path fits the name (\`FROM team/python-base\` and
\`python-base/Dockerfile\`) and the tree shows that the namespace is its own. Both are converted for the same user, steps
that need root get \`USER root\`, and the file needs a review: the base has to be published first.

What to do: look at the base with \`docker inspect --format '{{json .Config}}' IMAGE\`. If it runs as a non-root user
already, accept the finding in the Dockerfile: \`# unroot: ignore unknown-base -- base runs as 1001\`.`,
  *find({ image, stage, startUp }) {
    const { base } = image
    const from = image.lineage[0]?.from ?? stage.from
    if (base.builtBy !== undefined) {
      const { path, text, evidence, result } = base.builtBy
      const isLater = result.text !== text
      yield {
        message: `FROM ${base.reference.text}: read as what ${path} builds (${evidence})${isLater ? `, which is converted as well and then runs as ${describeUser(result.user)}` : result.verdict === 'refused' ? ', which is refused and stays root' : ''}`,
        help: isLater
          ? `Check that ${path} builds this image, and publish it first: its directories belong to the user only then.`
          : `Check that ${path} builds this image.`,
        at: from
      }
      if (isLater && result.ports.length > 0)
        yield {
          message: `${path} moves ${result.ports.map((port) => `port ${port.from} to ${port.to}`).join(', ')}: so does every image that is built on it`,
          help: 'Change what publishes the port of this image or probes it.',
          at: from
        }
      return
    }
    if (base.assumption !== undefined)
      yield {
        message: `FROM ${base.reference.text}: ${base.assumption}`,
        help: 'Check with `docker inspect` that its user, accounts and entrypoint are those of the public image.',
        at: from
      }
    if (base.image !== undefined || base.distribution === 'windows') return
    const isReadable = base.unresolved.length === 0 && /\w/.test(base.reference.text)
    const name = isReadable ? base.reference.text : (from.words[0]?.text ?? '')
    // Their builder puts the base image into BUILD_FROM. source: home-assistant/docker-base README.md
    const isAddOn =
      base.unresolved.includes('BUILD_FROM') &&
      image.lineage.some((each) =>
        each.instructions.some(({ raw }) => /\bio\.hass\.|\bbashio\b|\bhassio\b/.test(raw.logical))
      )
    if (isAddOn) {
      yield {
        severity: 'error',
        message: `FROM ${name}: the base image of a Home Assistant add-on, whose s6-overlay starts its services as root`,
        help: 'Keep it as root: the Supervisor mounts /data for root. A service inside can change its account with s6-setuidgid.',
        at: from
      }
      return
    }
    const why =
      base.unresolved.length > 0
        ? `the value of ${base.unresolved.map((variable) => `\${${variable}}`).join(', ')} is not in the file`
        : 'it is not among the images that unroot knows'
    const at = from
    if (startUp.isUnknown)
      yield {
        severity: 'error',
        message: `FROM ${name}: ${why}, and the Dockerfile has no command of its own, so nothing says what would run`,
        help:
          base.unresolved.length > 0
            ? `Give the variable a default (\`ARG ${base.unresolved[0]}=python:3.12\`) and convert again, or convert the base image itself.`
            : "docker inspect --format '{{json .Config}}' IMAGE: with a `User` that is not root, accept this (`# unroot: ignore unknown-base -- base runs as N`); else copy its Entrypoint and Cmd into this file, or name the Dockerfile of the same tree that builds it, so that both are converted together (`--image IMAGE=Dockerfile`).",
        at
      }
    else
      yield {
        message: `FROM ${name}: ${why}`,
        help: 'Check with `docker inspect` which user, entrypoint and volumes it has.',
        at
      }
  }
})
