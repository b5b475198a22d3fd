import net, { type Server, type Socket } from 'node:net'

/**
 * Turns Nagle's algorithm off for all sockets. By default, webtorrent 3.0.21 leaves it on: a request waits until the peer
 * has acknowledged the last one, which it delays for up to 40 ms (RFC 1122 §4.2.3.2, §4.2.3.4). That happened twice before
 * the first byte of a film.
 *
 * Call it before webtorrent is loaded.
 */
export function installNoDelay(): void {
  const { connect, createServer } = net
  net.connect = (...args: unknown[]) => (Reflect.apply(connect, net, args) as Socket).setNoDelay(true)
  net.createServer = (...args: unknown[]) => {
    const server = Reflect.apply(createServer, net, args) as Server
    return server.on('connection', (socket) => socket.setNoDelay(true))
  }
}
