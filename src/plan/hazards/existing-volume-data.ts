import { expand } from '../../dockerfile/words.ts'
import { defineHazard } from '../hazard.ts'
import { holdsData, isPublicDirectory, isSocket } from '../paths.ts'

/** What is often closed to others than its owner. */
const isKey =
  /(?:^|[/._-])(?:keys?|keystore|certs?|certificates?|ssl|tls|https|secrets?|credentials?|private)(?:$|[/._-])|\.(?:pem|key|pfx|p12|jks)$|\/\.ssh(?:\/|$)/i

export const existingVolumeData = defineHazard({
  name: 'existing-volume-data',
  severity: 'warning',
  summary: 'Volumes that exist already keep their old owner',
  description: `A new named volume takes over the owner of the image's directory; one that has data keeps its own, and so does a
bind mount. After the upgrade the process can no longer write to data that root wrote before. Once, for each volume:
\`docker run --rm --user 0 --volume NAME:/data busybox chown -R UID:GID /data\`. On Kubernetes \`fsGroup\` does it. Mounts of
compose files that build the image are looked at as well; the owner of a bind mount is that of the host's directory.
With \`--strategy entrypoint\` the container takes them over itself at each start.`,
  *find({ image, dockerfile, options }) {
    const seen = new Set<string>()
    // There the entrypoint takes them over at each start.
    const isTakenOver = options.strategy === 'entrypoint'
    for (const { path, kind, file } of options.mounts ?? []) {
      if (kind === 'read-only') {
        if (isKey.test(path))
          yield {
            message: `${file} mounts ${path} read-only: until now root read it, whatever its mode`,
            help: 'Make it readable for UID:GID on the host (a key of mode 0600 belongs to its reader).'
          }
        continue
      }
      if (isTakenOver || !holdsData(path) || seen.has(path)) continue
      seen.add(path)
      yield kind === 'bind'
        ? {
            message: `${file} mounts a directory of the host at ${path}: it keeps the owner that it has there`,
            help: `Give the host's directory to UID:GID, or start the container with the host's own ids (user: "\${UID}:\${GID}").`
          }
        : {
            message: `${file} mounts a volume at ${path}: one that exists already keeps its old owner`,
            help: `Once, for each existing volume: docker run --rm --user 0 --volume NAME:${path} busybox chown -R UID:GID ${path}`
          }
    }
    for (const instruction of image.lineage.flatMap((stage) => stage.instructions)) {
      if (isTakenOver || instruction.keyword !== 'VOLUME') continue
      const words = instruction.json?.map((string) => string.value) ?? instruction.words.map((word) => word.text)
      const paths = words
        .map((word) => {
          const { value, unresolved } = expand(word, image.final.variables, dockerfile.escape)
          return unresolved.length > 0 || value === '' ? word : value
        })
        .filter((path) => !isSocket(path) && !isPublicDirectory(path) && !seen.has(path))
      if (paths.length === 0) continue
      const place = paths.find((path) => path.startsWith('/')) ?? '/data'
      yield {
        message: `VOLUME ${paths.join(' ')}: a volume that exists already keeps its old owner`,
        help: `Once, for each existing volume: docker run --rm --user 0 --volume NAME:${place} busybox chown -R UID:GID ${place}`,
        at: instruction
      }
    }
  }
})
