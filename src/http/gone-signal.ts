import type { ServerResponse } from 'node:http'

/** Aborts when the client has closed the connection before it got its whole answer. */
export function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  // Not all answers hear of it: one that waits for its turn on the connection does not.
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
