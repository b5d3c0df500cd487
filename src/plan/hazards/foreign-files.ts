import { defineHazard } from '../hazard.ts'

/**
 * Programs whose work are the files of others: data directories of databases, mounted trees.
 * source: their manuals; a backup of /var/lib/mysql reads files of mode 0640 that belong to mysql
 */
const foreignFiles =
  /^(?:xtrabackup|mariabackup|innobackupex|pg_basebackup|pgbackrest|restic|borg|borgmatic|rsync|rclone|duplicity|duplicati-cli|kopia|unison|lsyncd|azcopy|s3cmd|tar)$/

export const foreignFilesHazard = defineHazard({
  name: 'foreign-files',
  severity: 'warning',
  summary: 'The program reads or copies files that belong to others',
  description: `Backup and synchronisation programs work on data that is mounted into the container and belongs to somebody else. Root
could read all of it; another user reads only what its owner lets him, and files that he restores belong to him.

What to do: start the container with the uid of the data's owner (\`docker run --user\`, \`runAsUser\`), or leave it as root
with \`cap_drop: [ALL]\` and \`cap_add: [DAC_READ_SEARCH]\`.`,
  *find({ startUp }) {
    const program = startUp.programs.find(({ name, guard }) => foreignFiles.test(name) && guard !== 'root')
    if (program === undefined || (program.name === 'tar' && startUp.programs.length > 1)) return
    yield {
      message: `${program.place} runs \`${program.name}\`, which works on the files of others: as another user it may not read them`,
      help: 'Start it with the uid of the data’s owner (`--user`, `runAsUser`), or leave this image as root with few capabilities.',
      ...(program.instruction === undefined ? {} : { at: program.instruction })
    }
  }
})
