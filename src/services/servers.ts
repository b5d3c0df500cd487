/**
 * Servers whose own configuration says port, pid file and user, so that a `USER` alone does not start them.
 * What to edit there is not known yet: an image that runs one is refused.
 */
export interface ConfiguredServer {
  name: string
  /** Programs that start it. */
  programs: readonly string[]
  /** `service` of base image rows. */
  services: readonly string[]
  /** What would have to change, for the message. */
  needs: string
  alternative: string
}

const configuredServers: readonly ConfiguredServer[] = [
  {
    name: 'nginx',
    // source: docker-library nginx mainline/debian/Dockerfile; nginxinc/docker-nginx-unprivileged
    programs: ['nginx', 'nginx-debug', 'openresty'],
    services: ['nginx', 'openresty'],
    needs: 'its configuration: listen port, `user`, pid file and temporary paths',
    alternative:
      'Until unroot edits nginx configurations: `FROM nginxinc/nginx-unprivileged` listens on 8080 as uid 101.'
  },
  {
    name: 'Apache httpd',
    // source: docker-library/httpd 2.4/Dockerfile, docker-library/php apache/Dockerfile
    programs: [
      'httpd',
      'apache2',
      'apachectl',
      'apache2ctl',
      'httpd-foreground',
      'apache2-foreground',
      'apache2-foreground-enhanced',
      'run-httpd'
    ],
    services: ['httpd', 'apache', 'php-apache', 'wordpress', 'nextcloud', 'drupal', 'joomla', 'phpmyadmin'],
    needs: 'its configuration: `Listen`, virtual hosts, run, lock and log directories',
    alternative: 'By hand: `Listen 8080` in ports.conf or httpd.conf and in every virtual host, then `USER 33:33`.'
  },
  {
    name: 'Caddy',
    programs: ['caddy'],
    services: ['caddy'],
    needs: 'its Caddyfile: site addresses on high ports, data and config directories; the binary’s file capability',
    alternative:
      'By hand: site address `:8080`, `XDG_DATA_HOME` and `XDG_CONFIG_HOME` in an owned directory, `setcap -r` on the binary.'
  },
  {
    name: 'Traefik',
    programs: ['traefik'],
    services: ['traefik'],
    needs: 'its entry points: addresses on high ports',
    alternative: 'By hand: `--entrypoints.web.address=:8080` and a writable place for acme.json.'
  },
  {
    name: 'HAProxy',
    programs: ['haproxy', 'haproxy-systemd-wrapper'],
    services: ['haproxy'],
    needs: 'its configuration: `bind` ports, `user`, `chroot` and stats sockets',
    alternative:
      'The official image runs as `haproxy` since 2.4: bind ports above 1023 and remove `user`, `group` and `chroot`.'
  },
  {
    name: 'lighttpd',
    programs: ['lighttpd', 'lighttpd-angel'],
    services: ['lighttpd'],
    needs: 'its configuration: `server.port`, `server.username` and the pid file',
    alternative: 'By hand: `server.port = 8080`, no `server.username`, pid file and logs in an owned directory.'
  },
  {
    name: 'Varnish',
    programs: ['varnishd'],
    services: ['varnish'],
    needs: 'its listen address and working directory',
    alternative: 'The official image runs as `varnish`; set `VARNISH_HTTP_PORT=8080`.'
  },
  {
    name: 'Tomcat',
    // source: docker-library/tomcat: logs, temp and work are open, webapps and conf are root's
    programs: ['catalina.sh', 'startup.sh'],
    services: ['tomcat', 'tomee'],
    needs: 'its `webapps`, `conf/Catalina`, `logs`, `temp` and `work` directories',
    alternative: 'By hand: a `RUN chown` of those directories to 10001:10001, then `USER 10001:10001`.'
  },
  {
    name: 'Envoy',
    programs: ['envoy'],
    services: ['envoy'],
    needs: 'its listener ports and log paths',
    alternative: 'Set `ENVOY_UID`, or use the distroless image, which runs as 65532.'
  },
  {
    name: 'a database server',
    programs: [
      'mysqld',
      'mysqld_safe',
      'mariadbd',
      'postgres',
      'mongod',
      'redis-server',
      'valkey-server',
      'rabbitmq-server',
      'elasticsearch',
      'opensearch',
      'cassandra',
      'neo4j',
      'influxd',
      'couchdb',
      'etcd',
      'clickhouse-server',
      'mosquitto'
    ],
    services: [],
    needs: 'its data, log and run directories',
    alternative: 'Give its data, log and run directories to the server’s own account and set `USER` to it.'
  }
]

let byProgram: Map<string, ConfiguredServer> | undefined
let byService: Map<string, ConfiguredServer> | undefined

/** The server that a program name starts. */
export function findServerByProgram(name: string): ConfiguredServer | undefined {
  byProgram ??= new Map(configuredServers.flatMap((server) => server.programs.map((each) => [each, server] as const)))
  return byProgram.get(name)
}

/** The server that a base image of this `service` runs. */
export function findServerByService(service: string): ConfiguredServer | undefined {
  byService ??= new Map(configuredServers.flatMap((server) => server.services.map((each) => [each, server] as const)))
  return byService.get(service)
}
