import dgram, { type Socket } from 'node:dgram'
import { createRequire, findPackageJSON } from 'node:module'
import { messageOf } from '../../domain/errors.ts'
import { hardenDecoder } from '../../lib/bencoding.ts'

/** The path from webtorrent to the package that parses DHT messages; each is resolved from the one before. */
const WAY_TO_DHT = ['webtorrent', 'bittorrent-dht', 'k-rpc', 'k-rpc-socket']

/**
 * Makes hostile datagrams harmless. The packages that parse datagrams (DHT, local discovery, UDP trackers) throw on some:
 * by default, any datagram that is not an announcement ends the process while bittorrent-lsd 2.0.1 listens, and one of
 * five bytes keeps the DHT's own bencode in an endless loop.
 *
 * Call it before webtorrent is loaded.
 *
 * @param onHostile - called with the sender and the error
 */
export function installDatagramGuard(onHostile: (address: string, reason: string) => void): void {
  hardenDecoder(bencodeOfDht().decode)

  const { createSocket } = dgram
  dgram.createSocket = (...args: unknown[]) => {
    const socket = Reflect.apply(createSocket, dgram, args) as Socket
    const emit = socket.emit.bind(socket)
    socket.emit = (event: string | symbol, ...values: unknown[]) => {
      if (event !== 'message') return emit(event, ...values)
      try {
        return emit(event, ...values)
      } catch (error) {
        const { address, port } = values[1] as { address: string; port: number }
        onHostile(`${address}:${port}`, messageOf(error))
        return true
      }
    }
    return socket
  }
}

/** It has its own version of bencode. */
export function bencodeOfDht(): { readonly decode: Parameters<typeof hardenDecoder>[0] } {
  const found = WAY_TO_DHT.reduce((from, name) => findPackageJSON(name, from) ?? from, import.meta.url)
  return createRequire(found)('bencode') as ReturnType<typeof bencodeOfDht>
}
