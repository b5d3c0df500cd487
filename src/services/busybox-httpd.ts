/** busybox has an httpd of its own, told by its options alone; it reads no port from a file. */

/** source: busybox networking/httpd.c: -f foreground, -p port, -h home; Apache's -f takes a file */
export const isBusyboxHttpd = ({ name, args }: { name: string; args: readonly string[] }): boolean =>
  /^busybox(?:-extras)?(?:\.\w+)?$/.test(name)
    ? args[0] === 'httpd'
    : name === 'httpd' &&
      args.some((word, index) => /^-f(v*)$/.test(word) && !/^[^-]/.test(args[index + 1] ?? '-')) &&
      !args.includes('-D')

/** source: busybox networking/httpd.c: `-u USER[:GRP]` is setgid and setuid, which end the start of any other user */
export const changesUser = (args: readonly string[]): boolean => args.some((word) => /^-u/.test(word))
