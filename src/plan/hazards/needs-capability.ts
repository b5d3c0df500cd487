import type { Dockerfile } from '../../dockerfile/dockerfile.ts'
import { readImage, type StageImage } from '../../image/image.ts'
import { findRootProgram } from '../../services/root-programs.ts'
import type { Copy } from '../copies.ts'
import { defineHazard } from '../hazard.ts'
import { installedPackages } from '../packages.ts'

// source: what the packages hold: mkfs.*, resize2fs, sfdisk, parted, mdadm, cryptsetup, lvm
const diskPackages =
  /^(?:e2fsprogs(?:-extra)?|xfsprogs(?:-extra)?|btrfs-progs|dosfstools|sfdisk|gptfdisk|gdisk|parted|mdadm|cryptsetup|lvm2|zfs|zfsutils-linux|multipath-tools|open-iscsi)$/

/** Packages of the image, and of a stage whose whole tree is copied over the root. */
function findDiskTools(dockerfile: Dockerfile, image: StageImage, copies: readonly Copy[]): string[] {
  const trees = copies
    .filter(({ destination, from }) => destination === '/' && from !== undefined)
    .flatMap(({ from }) => dockerfile.stages.find(({ name, index }) => name === from || String(index) === from) ?? [])
  const images = [image, ...trees.map((stage) => readImage(dockerfile, stage))]
  const found = new Set(
    images.flatMap((each) => [...installedPackages(each)].filter((name) => diskPackages.test(name)))
  )
  return [...found].slice(0, 3)
}

export const needsCapability = defineHazard({
  name: 'needs-capability',
  severity: 'error',
  guide: 'running-as-root',
  summary: 'The image starts a program that needs a capability',
  description: `VPNs, packet captures, firewalls, mounts and namespaces need capabilities that a non-root process does not get,
even with \`--cap-add\` (a user's process has them only as ambient capabilities, which Docker does not set). The file is
refused. A program to which a \`RUN setcap\` gave capabilities is reported too: with \`+ep\` it does not even start under
\`--cap-drop ALL\`.`,
  *find({ dockerfile, image, startUp, copies, options }) {
    for (const { grant, file } of options.grants ?? [])
      yield {
        severity: 'warning',
        message: `${file} gives the container ${grant}: a process that is not root has no use of it`,
        help: grant.startsWith('the device')
          ? 'Let the user belong to the group of the device (`group_add` with its number).'
          : 'If the program needs it, keep the image as root with `cap_drop: [ALL]` and that capability alone.'
      }
    // source: atomic(1): LABEL RUN and INSTALL hold the command with which the image is started
    for (const instruction of image.lineage.flatMap((stage) => stage.instructions)) {
      const match =
        instruction.keyword === 'LABEL'
          ? /\b(?:docker|podman)\s+run\b.*?(--privileged|--pid[= ]host|--cap-add[= ]\S+|--device[= ]\S+|-v\s+\/:\S*)/.exec(
              instruction.raw.logical
            )
          : null
      if (match === null) continue
      yield {
        severity: 'warning',
        message: `LABEL starts the image with \`${match[1]}\`: a process that is not root has no use of it`,
        help: 'If the program needs the host or that capability, keep the image as root.',
        at: instruction
      }
      break
    }
    const reported = new Set<string>()
    for (const program of startUp.programs) {
      const found = findRootProgram(program.name, program.args)
      if (found?.category !== 'capability' || program.guard === 'root' || reported.has(program.name)) continue
      reported.add(program.name)
      yield {
        message: `${program.place} runs \`${program.name}\`: ${found.why}`,
        help: found.instead,
        ...(program.instruction === undefined ? {} : { at: program.instruction })
      }
    }
    const disk = findDiskTools(dockerfile, image, copies)
    if (disk.length > 0)
      yield {
        severity: 'warning',
        message: `the image brings ${disk.join(', ')}, which work on disks: that needs root and the device`,
        help: 'If the program formats, mounts or resizes anything, keep the image as root.'
      }
    for (const stage of image.lineage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN') continue
        const match = /\bsetcap\s+(?:-[a-z]+\s+)*["']?([\w,=+]+)["']?\s+(\S+)/.exec(instruction.raw.logical)
        if (match !== null && !/^-r/.test(match[1] as string))
          yield {
            severity: 'warning',
            message: `\`setcap ${match[1]}\` on ${match[2]}: the program does not start where capabilities are dropped, and some builders lose it`,
            help: 'Prefer a port above 1023 and no file capability; else add the capability where the container is started.',
            at: instruction
          }
      }
  }
})
