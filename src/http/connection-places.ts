import { readFileSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientKey } from '../domain/clients/client-key.ts'
import { limitsFor } from '../domain/clients/client-limits.ts'
import { whoGivesWay } from '../domain/clients/give-way.ts'
import type { Log } from '../observe/log.ts'
import type { TrustsProxy } from './client-address.ts'

/** Handles for the database, watched folders, the engine, and requests to other servers. */
const OTHER_HANDLES = 128
/** A connection takes up to 128 KiB of memory while its requests wait. */
const MAX_CONNECTIONS = 2_048

interface Connection {
  readonly socket: Socket
  /** absent for a trusted proxy, which stands for many clients */
  readonly client: string | undefined
  readonly since: number
  requests: number
}

/**
 * Maximum number of connections: each needs a handle, and may need another for a file.
 *
 * @param handles - number of handles that this process may have open
 */
export function mostConnections(handles: number): number {
  return Math.max(16, Math.min(MAX_CONNECTIONS, Math.floor((handles - OTHER_HANDLES) / 2)))
}

/** Number of handles that this process may have open. @see proc_pid_limits(5) */
export function handleLimit(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    // The usual default of other systems.
    return 1024
  }
}

export interface ConnectionLimits {
  /** of all clients together */
  readonly most: number
  readonly trustsProxy: TrustsProxy
  /** Whether the client reads nothing of what is being sent on a connection. */
  isIdleOn(socket: Socket): boolean
}

/**
 * Limits connections, per client and in total. When there are too many, the client with the most loses one, an unused
 * one first; the new connection is refused only if none can be closed.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, log: Log): void {
  const places = new ConnectionPlaces(limits, log)
  // Backstop in Node itself. Twice the limit, because closed connections count until the system has removed them.
  server.maxConnections = 2 * limits.most
  server.prependListener('connection', (socket: Socket) => places.meet(socket))
  server.prependListener('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
    const connection = places.on(socket)
    if (!connection) return
    connection.requests++
    res.once('close', () => {
      connection.requests--
    })
  })
}

/** The open connections, by socket and by client. */
class ConnectionPlaces {
  readonly #limits: ConnectionLimits
  readonly #log: Log
  readonly #connections = new Map<Socket, Connection>()
  readonly #byClient = new Map<string, Set<Connection>>()

  constructor(limits: ConnectionLimits, log: Log) {
    this.#limits = limits
    this.#log = log
  }

  on(socket: Socket): Connection | undefined {
    return this.#connections.get(socket)
  }

  /** Accepts a new connection, or closes it. */
  meet(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const client = this.#limits.trustsProxy(address, 0) ? undefined : clientKey(address)
    if (!this.#makeRoom(client)) {
      socket.destroy()
      return
    }
    const connection = { socket, client, since: performance.now(), requests: 0 }
    this.#enter(connection)
    socket.once('close', () => this.#leave(connection))
  }

  /** @returns whether there is room now */
  #makeRoom(client: string | undefined): boolean {
    const { most, isIdleOn } = this.#limits
    const clients = client === undefined ? [] : [client]
    const mostPerClient = client === undefined ? Number.POSITIVE_INFINITY : limitsFor(client).sockets
    const own = client === undefined ? undefined : this.#byClient.get(client)
    const isFull = this.#connections.size >= most
    if (!isFull && (own?.size ?? 0) < mostPerClient) return true
    const taken = [...(isFull ? this.#connections.values() : (own ?? []))]
      // Connections of trusted proxies are never closed.
      .filter((connection) => connection.client !== undefined)
      .map((connection) => ({
        connection,
        clients: [connection.client as string],
        isIdle: connection.requests === 0 || isIdleOn(connection.socket),
        since: connection.since,
      }))
    const answer = whoGivesWay(taken, clients, { most: isFull ? 0 : Number.POSITIVE_INFINITY, mostPerClient })
    if (typeof answer === 'string') return answer === 'room'
    const { connection } = answer
    this.#log.debug('connection closed', { client: connection.client, why: 'its place was needed' })
    this.#leave(connection)
    connection.socket.destroy()
    return true
  }

  #enter(connection: Connection): void {
    const { socket, client } = connection
    this.#connections.set(socket, connection)
    if (client === undefined) return
    const own = this.#byClient.get(client) ?? new Set()
    this.#byClient.set(client, own.add(connection))
  }

  #leave(connection: Connection): void {
    const { socket, client = '' } = connection
    this.#connections.delete(socket)
    const own = this.#byClient.get(client)
    own?.delete(connection)
    if (own?.size === 0) this.#byClient.delete(client)
  }
}
