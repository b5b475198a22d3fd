import net, { type Server, type Socket } from 'node:net'
import { clientKey } from '../../domain/clients/client-key.ts'

/** Peers that found us, of all torrents; those that we go to are bounded by `MAX_PEERS`. */
const MOST_CONNECTIONS = 400
/** A household, or a proxy in front of us, has one address, or /64, for many. */
const MOST_FROM_ONE_ADDRESS = 64

/**
 * Bounds how many connections strangers hold open. As it comes, webtorrent 3.0.21 takes all there are, and where the
 * last file handle is used up its server fails, which ends the process.
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
  server.maxConnections = MOST_CONNECTIONS
  server.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event !== 'connection') return emit(event, ...args)
    const socket = args[0] as Socket
    const address = clientKey(socket.remoteAddress ?? '')
    const count = (counts.get(address) ?? 0) + 1
    if (count > MOST_FROM_ONE_ADDRESS) {
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
