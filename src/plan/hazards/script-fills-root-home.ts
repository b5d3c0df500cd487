import { isRootUser } from '../../image/accounts.ts'
import { readImage, resolvePath, stateBefore } from '../../image/image.ts'
import { shellSources } from '../../image/shell-source.ts'
import { homeInstallers } from '../../services/home-installers.ts'
import { findOrigin } from '../copies.ts'
import { defineHazard } from '../hazard.ts'

export const scriptFillsRootHome = defineHazard({
  name: 'script-fills-root-home',
  severity: 'warning',
  summary: 'A Python script of the build downloads into the home directory',
  description: `A \`RUN python download_models.py\` whose script calls \`snapshot_download\`, \`from_pretrained\`, \`nltk.download\` or the like fills
\`~/.cache\` of root. Another user looks in his own home: he downloads everything again at the start, or fails without
network. The same calls in the \`RUN\` itself are moved; those of a script are only seen.

What to do: name a place that everybody can read above that \`RUN\` (\`ENV HF_HOME=/opt/models\`), so that build and process
use the same.`,
  *find({ dockerfile, image, copies, options, user }) {
    const { readContext } = options
    if (readContext === undefined || user.home === '/root') return
    const environment = [...image.final.environment].map(([name, value]) => `${name}=${value}`).join('\n')
    for (const stage of image.lineage) {
      const own = readImage(dockerfile, stage)
      for (const instruction of stage.instructions) {
        if (instruction.keyword !== 'RUN' || !/\.py\b/.test(instruction.raw.logical)) continue
        const state = stateBefore(own, instruction)
        if (state.user !== undefined && state.user !== '' && !isRootUser(state.user)) continue
        for (const { script } of shellSources(instruction))
          for (const { name, args } of script.commands)
            for (const word of [name, ...args.map(({ value }) => value)]) {
              if (!/^[\w./-]+\.py$/.test(word)) continue
              const origin = findOrigin(copies, resolvePath(state.workdir, word), readContext)
              if (origin?.kind !== 'context') continue
              const found = homeInstallers.find(
                ({ isCall, pattern, unless }) =>
                  isCall === true &&
                  pattern.test(origin.text) &&
                  unless?.test(`${environment}\n${instruction.source}\n${origin.text}`) !== true
              )
              if (found === undefined) continue
              yield {
                message: `RUN starts ${origin.path}, which downloads as root: ${found.what}, where another user does not look`,
                help: `Set ${Object.keys(found.variables ?? { HF_HOME: '' })[0]} to a place outside /root with ENV above that RUN.`,
                at: instruction
              }
              return
            }
      }
    }
  }
})
