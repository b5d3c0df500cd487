/** Why a transform changes something, in one sentence for a reader who does not know the tool. */
const reasons: Record<string, string> = {
  'create-user': 'The image has no account for its program yet.',
  'leave-root-home': 'No other user may enter the home directory of root.',
  'own-writable-paths': 'The program writes there, and what a build makes belongs to root.',
  'chown-copied-files': '`COPY` makes files that belong to root, wherever `USER` stands.',
  'own-cache-mounts': 'A cache belongs to root unless its mount says otherwise.',
  'remap-ports': 'Ports below 1024 are closed to other users than root on many platforms.',
  'set-umask': 'The mode of new files was asked for, and it must be set where the program starts.',
  'switch-user': 'This line takes root away; it stands behind the last step that needs root.',
  'pin-numeric-user': "Kubernetes' `runAsNonRoot` cannot check a name.",
  'prepare-server':
    'The server must find its pid file, caches and logs where it can write, and must not change the user itself.',
  'open-program-modes': 'Only its owner, root, was able to run it.',
  'drop-privileges-in-entrypoint': 'The entrypoint needs root for a moment; the program behind it does not.',
  'allow-arbitrary-user': 'The platform chooses the user; only the group is known.',
  'keep-steps-root': 'The base image, converted as well, no longer runs its steps as root.',
  'update-compose': 'The service has to fit the new image.',
  'update-kubernetes': 'The manifest has to fit the new image.'
}

/** '' for a transform that is not among the built-in ones. */
export const reasonOf = (transform: string): string => reasons[transform] ?? ''
