/** What kind of place a path of the image is. */

const systemTops = new Set(
  '/ /bin /boot /data /dev /etc /home /lib /lib32 /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var'.split(
    ' '
  )
)
const systemTrees =
  /^\/(?:bin|boot|dev|etc|lib|lib32|lib64|proc|sbin|sys|nix|usr\/(?:bin|sbin|lib|lib32|lib64|libexec|share|include|games)|usr\/local\/(?:bin|sbin|lib|lib64|etc|share|include|man|games|go|cargo|rustup|cuda[^/]*)|var\/(?:lib\/(?:apt|dpkg|rpm|yum|dnf|apk|pacman)|cache\/(?:apt|apk|yum|dnf|debconf)|mail|backups|db))(?:\/|$)/
const systemExact = new Set(
  '/usr/local /usr/src /var/lib /var/log /var/cache /var/run /var/spool /var/tmp /var/opt /var/lock /run/lock /run/secrets /opt/bin'.split(
    ' '
  )
)

/** Directories that belong to the system or to packages: never made or owned by us. */
export const isSystemDirectory = (path: string): boolean =>
  (path !== '/data' && path !== '/srv' && systemTops.has(path)) ||
  systemExact.has(path) ||
  systemTrees.test(path) ||
  /^\/opt\/[^/]+\/s?bin(\/|$)/.test(path)

/** Writable for everybody in every image. */
export const isPublicDirectory = (path: string): boolean => /^\/(?:tmp|var\/tmp|dev|proc)(?:\/|$)/.test(path)

/** Sockets are mounted, never made. */
export const isSocket = (path: string): boolean => /\.sock(?:et)?$/.test(path)

export const isInside = (path: string, directory: string): boolean =>
  path === directory || directory === '/' || path.startsWith(`${directory}/`)

/** A directory at the top that an image makes for its data; others are for the build or brought by a package. */
export const isOwnTop = (path: string): boolean =>
  /^\/[^/]+$/.test(path) &&
  !/^\/(?:build|builds|tests?|src|source|sources|install|installer|setup|packages?|deps|wheels?|wheelhouse|scripts?|tools?|docker|certs?|keys|patches|nix|gopath|go|code-build|compile|release|dist|bootstrap|init|entrypoint\S*|docker-entrypoint\S*|s6\S*|rootfs|ansible|provision\S*)$/.test(
    path
  )

/** Places that a program is known to fill when it runs. */
export const isDataDirectory = (path: string): boolean =>
  /^\/(?:var|run|srv|data|logs?|uploads?|media|static|cache|state|storage|config|backups?|outputs?|results|downloads|db|volumes?|sessions?|files)(?:\/|$)/.test(
    path
  ) || /^\/opt\/[^/]+\/(?:data|logs?|tmp|run|cache|var|work|temp)(?:\/|$)/.test(path)

/** A path and every directory above it, nearest first. */
export function* pathAndAncestors(path: string): Generator<string> {
  for (let at = path; ; at = parentDirectory(at)) {
    yield at
    if (at === '/' || at === '') return
  }
}

export const isRootHome = (path: string): boolean => path === '/root' || path.startsWith('/root/')

/** The last part of a path; of a command's word, the program's name. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export const parentDirectory = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** What a mount at this path is for: sockets, time zones, certificates and single files of settings are only read. */
export const holdsData = (path: string): boolean =>
  !isSocket(path) &&
  !isPublicDirectory(path) &&
  !isRootHome(path) &&
  !/^\/(?:etc|usr|lib|sys|proc|run\/secrets|var\/run\/secrets)(?:\/|$)/.test(path) &&
  !(/\/[^/]+\.[A-Za-z]\w*$/.test(path) && !/\.(?:db|sqlite3?|log)$/.test(path)) &&
  !/\/node_modules$/.test(path)
