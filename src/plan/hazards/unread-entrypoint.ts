import { defineHazard } from '../hazard.ts'

export const unreadEntrypoint = defineHazard({
  name: 'unread-entrypoint',
  severity: 'warning',
  summary: 'A script that the image starts could not be read',
  description: `\`ENTRYPOINT\` or \`CMD\` names a script (\`*.sh\`, \`*entrypoint*\`) that is not in the build context, comes from
another stage or image, or could not be looked at because only the Dockerfile was given. What it writes and whether it
needs root is unknown: the file is converted, but somebody should read the script first. Look for \`chown\`, \`gosu\`,
\`sed -i /etc/...\`, \`mkdir\` outside the application's directories and package installs.`,
  *find({ startUp }) {
    for (const script of startUp.scripts) {
      if (script.unread === undefined) continue
      const at = script.copy?.instruction ?? startUp.entrypoint?.instruction ?? startUp.command?.instruction
      yield {
        message: `${script.path} was not read: ${script.unread}`,
        help: 'Read it for what only root may do: chown, changes of user, writes under /etc, /usr or /var, package installs.',
        ...(at === undefined ? {} : { at })
      }
    }
  }
})
