/**
 * Which places of the system's trees belong to one application, so that a start script that writes its configuration
 * there can be given them, and which are the system's own for good.
 */

/** Below these each directory belongs to one package or application. */
const applicationTrees: readonly { tree: string; protected: RegExp; source: string }[] = [
  {
    tree: '/etc',
    protected:
      /^(?:alternatives|apk|apparmor.*|apt|bash_completion\.d|binfmt\.d|ca-certificates.*|cont-(?:init|finish)\.d|cron\..*|dbus-.*|default|dnf|dpkg|fonts|gss|init.*|iproute2|iptables.*|kernel|krb5.*|ld\.so\.conf\.d|libnl.*|local\.d|logrotate\.d|modprobe\.d|modules.*|network|netplan|NetworkManager|opt|pam\.d|pki|polkit.*|ppp|profile\.d|rc.*\.d|rpm|rsyslog\.d|s6.*|security|selinux|services\.d|skel|ssh|ssl|sudoers\.d|sysconfig|sysctl\.d|systemd|terminfo|tmpfiles\.d|udev|update-.*|vpnc|wireguard|openvpn|X11|xdg|yum.*)$/,
    source: 'FHS 3.0, 3.7 /etc: host-specific configuration, in subdirectories of the packages'
  },
  {
    tree: '/usr/local/etc',
    protected: /^(?:ssl|ssh|pam\.d|openssl.*)$/,
    source: 'FHS 3.0, 4.9; docker-library php: /usr/local/etc/php, /usr/local/etc/php-fpm.d'
  },
  {
    tree: '/usr/share',
    protected:
      /^(?:applications|apps|base-.*|bash-completion|bug|ca-certificates|common-licenses|dbus-.*|debconf|dict|doc.*|dpkg|fontconfig|fonts|gcc.*|gdb|glib.*|icons|info|java|javascript|keyrings|locale|i18n|lintian|man|menu|mime.*|misc|nodejs|pam.*|perl.*|pixmaps|pki|pkgconfig|polkit.*|python.*|readline|ruby.*|sounds|ssl.*|tabset|terminfo|themes|xml|X11|xsessions|zoneinfo|zsh)$/,
    source: 'FHS 3.0, 4.11: a directory of an application holds its data'
  },
  {
    tree: '/usr/local/share',
    protected: /^(?:ca-certificates|man|doc|fonts|perl|pki|zoneinfo)$/,
    source: 'FHS 3.0, 4.9'
  }
]

/** Files directly in `/etc` that the system or Docker itself reads and writes. source: FHS 3.0, 3.7.2; Docker mounts the first three */
const systemFiles =
  /^\/etc\/(?:hosts|hostname|resolv\.conf|passwd-?|shadow-?|group-?|gshadow-?|sub[ug]id-?|sudoers|fstab|mtab|nsswitch\.conf|ld\.so\..*|localtime|timezone|TZ|profile|environment|login\.defs|securetty|shells|services|protocols|networks|ethers|hosts\..*|inittab|crontab|anacrontab|issue.*|motd|os-release|.*-release|machine-id|sysctl\.conf|modules|exports|fuse\.conf|.*bashrc|inputrc|adduser\.conf|deluser\.conf|pam\.conf|host\.conf|gai\.conf|rc\.local|ssl|alternatives|skel|udhcpd?\.conf|dnsmasq\.conf|ntp\.conf|chrony\.conf|syslog.*|rsyslog\.conf)$/

/** How much of a system's tree a path is: the application's directory above it, or the path as a single file. */
export function findApplicationPlace(path: string): 'directory' | 'file' | undefined {
  for (const { tree, protected: isProtected } of applicationTrees) {
    if (!path.startsWith(`${tree}/`)) continue
    const [name, ...rest] = path.slice(tree.length + 1).split('/')
    if (name === undefined || isProtected.test(name)) return undefined
    if (rest.length > 0) return 'directory'
    return tree === '/etc' && !systemFiles.test(path) && /[.]|rc$/.test(name) ? 'file' : undefined
  }
  return undefined
}
