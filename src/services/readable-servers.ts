import { apache } from './apache.ts'
import { nginx } from './nginx.ts'
import type { Server } from './server.ts'
import { tomcat } from './tomcat.ts'

/** Servers whose configuration is read and edited; those of `servers.ts` that are not here are refused. */
const readableServers: readonly Server[] = [nginx, apache, tomcat]

/** By the program that starts it, or by the `service` of a base image. */
export function findReadableServer({ program, service }: { program?: string; service?: string }): Server | undefined {
  return readableServers.find(
    (server) =>
      (program !== undefined && server.programs.includes(program)) ||
      (service !== undefined && server.services.includes(service))
  )
}
