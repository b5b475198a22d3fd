import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../observe/log.ts'
import { handleLimit, limitConnections, mostConnections } from './connection-places.ts'
import { answerMalformed } from './malformed-requests.ts'
import { limitPipelining } from './pipelining.ts'
import { type RequestOptions, type RequestParts, requestHandler } from './request-handler.ts'
import { REQUEST_LIMITS } from './request-limits.ts'

export interface HttpOptions extends RequestOptions {
  /** 0 = any free port */
  readonly port: number
  readonly host: string
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
}

/** Opens the HTTP port; disposing of it closes all connections. */
export async function startServer(options: HttpOptions, parts: RequestParts, log: Log): Promise<HttpServer> {
  const { publicUrl, version, host } = options
  const handler = requestHandler(options, parts, log)
  const { trustsProxy, isIdleOn } = handler
  const server = createServer(REQUEST_LIMITS, handler.answer)
  limitPipelining(server)
  answerMalformed(server)
  limitConnections(server, { most: mostConnections(handleLimit()), trustsProxy, isIdleOn }, log)
  server.listen(options.port, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  log.info(`self-streme ${version} listens on http://${host}:${port}`)
  log.info(`Open ${publicUrl ?? `http://127.0.0.1:${port}`} to install the addon in Stremio`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await handler[Symbol.asyncDispose]()
    },
  }
}
