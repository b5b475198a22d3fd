import net, { type Server, type Socket } from 'node:net'
import { clientKey } from '../../domain/clients/client-key.ts'

/** Incoming connections of all torrents; outgoing ones are limited by `MAX_PEERS`. */
const MAX_CONNECTIONS = 400
/** Many peers may share an address, or a /64: those of a household, or behind a proxy in front of the server. */
const MAX_FROM_ONE_ADDRESS = 64

/**
 * Limits incoming connections. By default, webtorrent 3.0.21 accepts all, and when file handles run out its server fails,
 * which ends the process.
 *
 * Call it before webtorrent is loaded.
 */
export function installConnectionGuard(): void {
  const { createServer } = net
  net.createServer = (...args: unknown[]) => bounded(Reflect.apply(createServer, net, args) as Server)
}

function bounded(server: Server): Server {
  const counts = new Map<string, number>()
  const emit = server.emit.bind(server)
  server.maxConnections = MAX_CONNECTIONS
  server.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event !== 'connection') return emit(event, ...args)
    const socket = args[0] as Socket
    const address = clientKey(socket.remoteAddress ?? '')
    const count = (counts.get(address) ?? 0) + 1
    if (count > MAX_FROM_ONE_ADDRESS) {
      socket.destroy()
      return true
    }
    counts.set(address, count)
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1
      if (left === 0) counts.delete(address)
      else counts.set(address, left)
    })
    return emit(event, ...args)
  }
  return server
}
