import type { ServerResponse } from 'node:http'
import type { StreamPlace } from './stream-places.ts'

/**
 * Writes an answer slice by slice. The next slice is requested when the last one has been passed to the system, because
 * its buffer is reused then; `pipeline` would request it as soon as the stream has room.
 *
 * @param slices - exactly what the headers promise
 * @param place - is informed whether the client reads
 * @param gone - aborts when the client has left, or the stream has to end
 * @throws the signal's reason
 */
export async function sendSlices(
  res: ServerResponse,
  slices: AsyncIterable<Uint8Array>,
  place: Pick<StreamPlace, 'handOut' | 'taken'>,
  gone: AbortSignal,
): Promise<void> {
  for await (const slice of slices) {
    place.handOut()
    await written(res, slice, gone)
    place.taken()
  }
  res.end()
}

function written(res: ServerResponse, slice: Uint8Array, gone: AbortSignal): Promise<void> {
  gone.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // The callback of `write` may not be called if the connection closes.
  const { socket } = res.req
  const leave = () => reject(gone.aborted ? gone.reason : new Error('the connection was closed'))
  socket.once('close', leave)
  gone.addEventListener('abort', leave, { once: true })
  res.write(slice, (error) => {
    socket.off('close', leave)
    gone.removeEventListener('abort', leave)
    if (error) reject(error)
    else resolve()
  })
  return promise
}
