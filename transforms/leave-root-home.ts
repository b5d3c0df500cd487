import { defineTransform } from '../src/transform.ts'

/**
 * Moves what the image keeps under `/root` to where the new user can reach it, with every mention of the place.
 *
 * @example
 * ```ts
 * import { rewrite } from 'unroot'
 * import { leaveRootHome } from 'unroot/transforms'
 *
 * const dockerfile = 'FROM node:22\nWORKDIR /root\nCOPY . .\nCMD ["node", "server.js"]\n'
 * const { text } = rewrite(dockerfile, { transforms: [leaveRootHome] })
 * text.includes('WORKDIR /home/node') // => true
 * ```
 */
export const leaveRootHome = defineTransform({
  name: 'leave-root-home',
  summary: 'Move what the image keeps under /root to where the new user can reach it',
  description: `\`/root\` has mode 0700, so whatever the running process needs of it moves to the new user's home (\`/app\` where he has
none): \`WORKDIR\`, the targets of \`COPY\`, \`ENV\` (\`PATH\`, \`*_HOME\`, ...), \`VOLUME\`, and every mention of the same place in
\`RUN\`, \`CMD\`, \`ENTRYPOINT\` and \`HEALTHCHECK\`. Installers that put into \`$HOME\` what is needed later (rustup, nvm, uv, bun,
playwright, \`pip install --user\`, poetry's environments, models, ...) get their own variable before they run, pointing
to the place where the tool looks when the new user starts it; what they install belongs to that user in the same \`RUN\`.

Left alone: settings that only the build uses (\`/root/.npmrc\` for \`RUN npm ci\`), comforts of a shell (\`.bashrc\`), and cache
mounts. What cannot be moved for sure is refused (\`root-home-left\`).

\`\`\`diff
-COPY --from=build /root/.local /root/.local
-ENV PATH=/root/.local/bin:$PATH
+COPY --from=build --chown=10001:10001 /root/.local /home/app/.local
+ENV PATH=/home/app/.local/bin:$PATH
\`\`\``,
  apply(context) {
    // Most images keep nothing there: neither their state nor an editor is asked for.
    const { homeMove } = context.stagePlan
    homeMove?.apply(context.edit, context.dockerfile, context.image)
  }
})
