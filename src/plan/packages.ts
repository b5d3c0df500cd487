import type { StageImage } from '../image/image.ts'
import { shellSources } from '../image/shell-source.ts'

const managers = /^(?:apt-get|apt|apk|yum|dnf|microdnf|tdnf|zypper|pacman|aptitude)$/

/** Names of the packages that `RUN`s install from a distribution. */
export function installedPackages(image: StageImage): Set<string> {
  const installed = new Set<string>()
  for (const instruction of image.lineage.flatMap((stage) => stage.instructions)) {
    if (instruction.keyword !== 'RUN' || !/\b(install|add|-S)\b/.test(instruction.raw.logical)) continue
    for (const command of shellSources(instruction).flatMap((source) => source.script.commands))
      if (managers.test(command.name))
        for (const word of command.args)
          if (!word.value.startsWith('-')) installed.add(word.value.replace(/[=<>~@].*$/, ''))
  }
  return installed
}
