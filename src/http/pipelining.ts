import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests per connection that may wait for answers; a player has one, HTTP clients that pipeline two. */
export const MAX_WAITING = 4

const END_OF_HEADERS = '\r\n\r\n'

/** Node sets this while the parser is paused because the client does not read its answers. */
type ParsedSocket = Socket & { readonly _paused?: boolean }

/**
 * Stops reading from a connection while {@link MAX_WAITING} of its requests wait for answers.
 *
 * Node parses everything that a client pipelines: 64 KiB at a time, up to 2,500 requests, for as long as the answers
 * are small. So we pass the bytes to the parser one request at a time; the rest is put back into the socket, which is
 * paused. At most 128 KiB wait there, and the rest at the client.
 */
export function limitPipelining(server: Server): void {
  const waiting = new WeakMap<Socket, number>()

  server.on('connection', (socket: ParsedSocket) => {
    const [parse] = socket.listeners('data')
    // A socket that was closed early has no listeners.
    if (!parse) return
    socket.off('data', parse as (bytes: Buffer) => void)
    // With this listener, Node passes the bytes through JavaScript (2 µs per request).
    socket.on('data', (bytes: Buffer) => {
      let rest = bytes
      while (rest.length > 0 && !socket.destroyed) {
        if (socket._paused || (waiting.get(socket) ?? 0) >= MAX_WAITING) {
          socket.pause()
          socket.unshift(rest)
          return
        }
        // This is the only end of headers, so no chunk contains the headers of two requests. Splitting a body is
        // harmless.
        const end = rest.indexOf(END_OF_HEADERS)
        const part = end === -1 ? rest : rest.subarray(0, end + END_OF_HEADERS.length)
        rest = rest.subarray(part.length)
        parse(part)
      }
    })
  })

  function count({ socket }: IncomingMessage, res: ServerResponse): void {
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1)
    res.once('close', () => {
      const left = (waiting.get(socket) ?? 1) - 1
      waiting.set(socket, left)
      if (left === MAX_WAITING - 1) socket.resume()
    })
  }
  server.prependListener('request', count)
  // Without a listener, Node answers these itself, and such answers queue up.
  server.on('checkExpectation', (req: IncomingMessage, res: ServerResponse) => {
    count(req, res)
    res.writeHead(417).end()
  })
}
