import type { ServerResponse } from 'node:http'

/** Aborts when the client closes the connection before the answer is complete. */
export function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  // A response that waits for its turn on the connection gets no 'close' event, but the socket does.
  const { socket } = res.req
  if (socket.destroyed) return AbortSignal.abort()
  const leave = () => {
    if (!res.writableFinished) gone.abort()
  }
  socket.once('close', leave)
  res.once('close', () => {
    leave()
    socket.off('close', leave)
  })
  return gone.signal
}
