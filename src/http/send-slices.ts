import type { ServerResponse } from 'node:http'

/**
 * Writes an answer slice by slice. The next slice is asked for when the last one has left for the system, because its
 * memory is used again from then on; `pipeline` would ask as soon as there is room.
 *
 * @param slices - exactly what the headers promise
 * @throws the signal's reason when the client has left
 */
export async function sendSlices(
  res: ServerResponse,
  slices: AsyncIterable<Uint8Array>,
  gone: AbortSignal,
): Promise<void> {
  for await (const slice of slices) await written(res, slice, gone)
  res.end()
}

function written(res: ServerResponse, slice: Uint8Array, gone: AbortSignal): Promise<void> {
  gone.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // A connection that closes does not always call back.
  const { socket } = res.req
  const leave = () => reject(new Error('the connection was closed'))
  socket.once('close', leave)
  res.write(slice, (error) => {
    socket.off('close', leave)
    if (error) reject(error)
    else resolve()
  })
  return promise
}
