/**
 * Programs that cannot do their work as another user, or not without capabilities, and what to do instead.
 * `category`: `service` needs root itself; `capability` needs one capability; `supervisor` starts others as root.
 */
export interface RootProgram {
  names: readonly string[]
  category: 'service' | 'capability' | 'supervisor'
  /** Why, in one clause. */
  why: string
  instead: string
  /** Only with one of these words behind it (`ip route`, not `ip -V`). */
  onlyWith?: RegExp
  /**
   * All that it needs of root's capabilities, without `CAP_`. source: capabilities(7), which names the call behind each
   */
  capabilities?: readonly string[]
}

const rootPrograms: readonly RootProgram[] = [
  // source: OpenSSH sshd(8): a daemon that serves other accounts needs root; as a user it serves that account only
  {
    names: ['sshd'],
    category: 'service',
    capabilities: ['AUDIT_WRITE', 'CHOWN', 'KILL', 'SETGID', 'SETUID', 'SYS_CHROOT'],
    why: 'sshd must be root to log other accounts in',
    instead: 'Use `docker exec` or `kubectl exec` for access, or run sshd in a container of its own.'
  },
  // source: cron(8), crond(8): jobs are started as their owners by setuid
  {
    names: ['cron', 'crond', 'anacron', 'atd', 'dcron'],
    category: 'service',
    capabilities: ['SETGID', 'SETUID'],
    why: 'cron starts each job as the job’s owner, which only root can do',
    instead: 'Use supercronic with a crontab that the user owns, or a Kubernetes CronJob.'
  },
  {
    names: [
      'systemd',
      'init',
      'systemctl',
      'openrc',
      'openrc-init',
      'runit',
      'runsvdir',
      'runsvdir-start',
      'service',
      'rc-service',
      'invoke-rc.d',
      'my_init',
      'upstart'
    ],
    category: 'supervisor',
    why: 'an init system starts its services as root',
    instead: 'Start the one program of the container directly, with a container for each further service.'
  },
  // source: s6-overlay README, "USER directive": /init and the services' own user changes expect root
  {
    names: ['s6-svscan', 's6-overlay', 's6-init', 's6-supervise'],
    category: 'supervisor',
    why: 's6 prepares /run as root and changes the user of each service itself',
    instead: 'Set PUID and PGID as the image documents it, or use rootless Docker or userns-remap.'
  },
  {
    names: ['dockerd', 'dockerd-entrypoint.sh', 'containerd', 'podman', 'buildkitd', 'kubelet', 'k3s', 'lxd'],
    category: 'service',
    why: 'a container engine needs root and further capabilities',
    instead: 'Use the rootless variant of the engine (`docker:dind-rootless`, rootless BuildKit).'
  },
  {
    names: [
      'postfix',
      'master',
      'sendmail',
      'exim',
      'exim4',
      'dovecot',
      'opendkim',
      'amavisd',
      'cyrmaster',
      'saslauthd'
    ],
    category: 'service',
    why: 'a mail server writes to the mailboxes of several accounts and binds port 25',
    instead: 'Keep it as root with `cap_drop: [ALL]` and the capabilities it needs, or use a relay outside the image.'
  },
  {
    names: ['iptables', 'ip6tables', 'nft', 'nftables', 'ipset', 'ufw', 'firewalld', 'tc', 'sysctl'],
    category: 'capability',
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    why: 'changing the network or the kernel needs NET_ADMIN or SYS_ADMIN as root',
    instead: 'Do it in an init container or on the host; keep this image as root with only the capability it needs.'
  },
  {
    names: ['ip', 'route', 'ifconfig', 'brctl', 'ethtool'],
    category: 'capability',
    capabilities: ['NET_ADMIN'],
    why: 'changing interfaces and routes needs NET_ADMIN',
    instead:
      'Do it in an init container or on the host, or keep it as root with `cap_drop: [ALL]` and `cap_add: [NET_ADMIN]`.',
    onlyWith: /^(?:add|del|delete|replace|change|set|up|down|flush)$/
  },
  {
    names: [
      'openvpn',
      'wg',
      'wg-quick',
      'wireguard',
      'strongswan',
      'ipsec',
      'xl2tpd',
      'pppd',
      'tailscaled',
      'zerotier-one',
      'ocserv',
      'charon',
      'tincd',
      'softether',
      'vpnserver'
    ],
    category: 'capability',
    capabilities: ['NET_ADMIN'],
    why: 'a VPN makes network interfaces, which needs NET_ADMIN and /dev/net/tun',
    instead: 'Keep it as root with `cap_drop: [ALL]`, `cap_add: [NET_ADMIN]` and `--device /dev/net/tun`.'
  },
  // source: traceroute(8): -I, -T and raw protocols need raw sockets; mtr(8), hping3(8), arping(8), tcptraceroute(1)
  {
    names: ['mtr', 'mtr-packet', 'hping3', 'arping', 'tcptraceroute', 'fping', 'nping', 'zmap'],
    category: 'capability',
    capabilities: ['NET_RAW'],
    why: 'raw sockets need NET_RAW, which a user has only as an ambient capability',
    instead: 'Keep it as root with `cap_drop: [ALL]` and `cap_add: [NET_RAW]`.'
  },
  {
    names: ['traceroute'],
    category: 'capability',
    capabilities: ['NET_RAW'],
    why: 'its TCP and raw methods need NET_RAW, which a user has only as an ambient capability',
    instead: 'Keep it as root with `cap_drop: [ALL]` and `cap_add: [NET_RAW]`, if -T, -I or -P are used.'
  },
  {
    names: [
      'tcpdump',
      'dumpcap',
      'tshark',
      'suricata',
      'snort',
      'zeek',
      'nmap',
      'masscan',
      'arp-scan',
      'ntopng',
      'passivedns',
      'ngrep',
      'p0f',
      'arpwatch',
      'iftop',
      'nethogs',
      'softflowd',
      'darkstat',
      'hcitool',
      'bettercap'
    ],
    category: 'capability',
    capabilities: ['NET_RAW'],
    why: 'raw sockets need NET_RAW, which a user has only as an ambient capability',
    instead: 'Keep it as root with `cap_drop: [ALL]` and `cap_add: [NET_RAW]`.'
  },
  {
    names: [
      'mount',
      'umount',
      'fusermount',
      's3fs',
      'sshfs',
      'gcsfuse',
      'fusermount3',
      'rar2fs',
      'mergerfs',
      'bindfs',
      'unionfs',
      'unionfs-fuse',
      'encfs',
      'gocryptfs',
      'goofys',
      'mount.cifs',
      'mount.s3fs',
      'blobfuse',
      'blobfuse2',
      'juicefs',
      'rclone-mount',
      'mount.nfs',
      'nfsd',
      'rpc.nfsd',
      'exportfs',
      'rpcbind',
      'losetup',
      'chroot',
      'unshare',
      'nsenter',
      'modprobe',
      'insmod'
    ],
    category: 'capability',
    capabilities: ['SYS_ADMIN'],
    why: 'mounting and changing namespaces need SYS_ADMIN',
    instead: 'Let the platform mount the volume (CSI driver, volume plugin) and start the program without this step.'
  },
  {
    names: [
      'smbd',
      'nmbd',
      'samba',
      'vsftpd',
      'proftpd',
      'pure-ftpd',
      'in.tftpd',
      'tftpd',
      'xinetd',
      'inetd',
      'slapd',
      'nscd',
      'sssd',
      'winbindd',
      'radiusd',
      'freeradius',
      'kadmind',
      'cupsd',
      'xrdp',
      'afpd',
      'avahi-daemon',
      'bluetoothd'
    ],
    category: 'service',
    why: 'it starts as root and acts for several accounts or on privileged ports',
    instead: 'Keep it as root with `cap_drop: [ALL]` and the capabilities it needs, or use rootless Docker.'
  },
  {
    names: [
      'dnsmasq',
      'dhcpd',
      'dhclient',
      'udhcpd',
      'kea-dhcp4',
      'named',
      'unbound',
      'keepalived',
      'fail2ban-server',
      'fail2ban-client',
      'chronyd',
      'ntpd',
      'ntpdate',
      'snmpd',
      'auditd',
      'rsyslogd',
      'syslog-ng',
      'syslogd',
      'hostapd',
      'zebra',
      'bgpd',
      'bird',
      'watchfrr',
      'squid'
    ],
    category: 'service',
    why: 'it binds privileged ports or changes the system, and changes to an account of its own',
    instead:
      'Keep it as root with `cap_drop: [ALL]` and the capabilities it needs; its own configuration drops the rest.'
  },
  {
    names: ['supervisord', 'supervisorctl'],
    category: 'supervisor',
    why: 'supervisord starts several programs and keeps a pid file and logs, and its configuration could not be read',
    instead:
      'Give each program an image of its own. By hand: no `user=` in supervisord.conf, `logfile=/dev/null`, `logfile_maxbytes=0`, `pidfile=/tmp/supervisord.pid`, and programs that start as one user; then USER.'
  },
  {
    names: ['monit', 'circusd', 'god', 'pm2-root'],
    category: 'supervisor',
    why: 'it starts several programs as different users',
    instead: 'Give each program an image of its own.'
  },
  {
    names: [
      'oracle',
      'sqlservr',
      'asterisk',
      'freeswitch',
      'kamailio',
      'opensips',
      'glusterd',
      'ceph',
      'ceph-mon',
      'ceph-osd',
      'zabbix_agentd',
      'nagios',
      'nagios3',
      'nagios4',
      'icinga2',
      'gitlab-runner',
      'gitlab-ctl',
      'puppet',
      'chef-client',
      'salt-minion',
      'salt-master',
      'osqueryd',
      'falco',
      'node_exporter_root',
      'cadvisor',
      'datadog-agent',
      'x11vnc',
      'vncserver',
      'Xorg',
      'lightdm',
      'gdm'
    ],
    category: 'service',
    why: 'it is made to start as root and its non-root form is not known to unroot yet',
    instead: 'See the program’s manual for running it as an unprivileged user.'
  }
]

let index: Map<string, RootProgram> | undefined

/** The entry of a program, by the last part of its path. `args`: what follows it, where that matters. */
export function findRootProgram(name: string, args: readonly string[] = []): RootProgram | undefined {
  index ??= new Map(rootPrograms.flatMap((program) => program.names.map((each) => [each, program] as const)))
  const found = index.get(name)
  return found?.onlyWith === undefined || args.some((word) => found.onlyWith?.test(word)) ? found : undefined
}
