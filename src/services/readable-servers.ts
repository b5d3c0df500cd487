import { apache } from './apache.ts'
import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { lighttpd } from './lighttpd.ts'
import { nginx } from './nginx.ts'
import type { Server } from './server.ts'
import { tomcat } from './tomcat.ts'
import { traefik } from './traefik.ts'
import { varnish } from './varnish.ts'

/** Servers whose configuration is read and edited; those of `servers.ts` that are not here are refused. */
const readableServers: readonly Server[] = [nginx, apache, tomcat, caddy, traefik, haproxy, lighttpd, varnish]

/** By the program that starts it, or by the `service` of a base image. */
export function findReadableServer({ program, service }: { program?: string; service?: string }): Server | undefined {
  return readableServers.find(
    (server) =>
      (program !== undefined && server.programs.includes(program)) ||
      (service !== undefined && server.services.includes(service))
  )
}

/** The program that the entrypoint of an image puts in front of options. */
export function findOptionsProgram(service: string | undefined): string | undefined {
  const server = service === undefined ? undefined : findReadableServer({ service })
  return server?.takesOptions === true ? server.programs[0] : undefined
}
