import type { StageImage } from '../image/image.ts'
import type { LayoutQuestion } from '../services/server.ts'
import { installedPackages } from './packages.ts'

/** What is known of an image when the layout of one of its servers is looked for. */
export function layoutQuestion(
  image: StageImage,
  started: { name: string; args: readonly string[] } | undefined,
  directory = image.final.workdir
): LayoutQuestion {
  const base = image.base.image
  let text: string | undefined
  return {
    service: base?.service,
    image: base?.name ?? image.base.reference.name,
    packages: [...installedPackages(image)],
    distribution: image.base.distribution,
    tag: base?.tag ?? image.base.reference.tag ?? '',
    workdir: directory,
    program: started?.name,
    args: started?.args ?? [],
    environment: (name) => image.final.environment.get(name),
    mentions: (pattern) => {
      text ??= image.lineage.flatMap((stage) => stage.instructions.map(({ raw }) => raw.logical)).join('\n')
      return pattern.test(text)
    }
  }
}
