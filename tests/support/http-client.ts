import { type IncomingMessage, request } from 'node:http'

/**
 * A request that can be read slowly and abandoned, as players do.
 *
 * @param from - the address it comes from, one of this machine
 */
export async function openStream(
  url: string,
  headers: Record<string, string> = {},
  from = '127.0.0.1',
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request(url, { headers, agent: false, localAddress: from }, resolve).on('error', reject).end()
  return promise
}

/** The next bytes of a stream; the rest stays for later. */
export function readBytes(stream: IncomingMessage, count: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const parts: Buffer[] = []
  let have = 0
  const onData = (part: Buffer) => {
    parts.push(part)
    have += part.length
    if (have < count) return
    stream.pause().off('data', onData).off('close', onClose)
    const all = Buffer.concat(parts)
    if (have > count) stream.unshift(all.subarray(count))
    resolve(all.subarray(0, count))
  }
  const onClose = () => reject(new Error(`the stream ended after ${have} bytes`))
  // An error is always followed by close.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)
  stream.on('data', onData).on('close', onClose).resume()
  return promise
}

const ignore = () => undefined

/** Bytes of a range with inclusive ends. */
export async function getRange(url: string, start: number, end: number): Promise<Buffer> {
  const answer = await fetch(url, { headers: { Range: `bytes=${start}-${end}` } })
  if (answer.status !== 206)
    throw new Error(`${answer.status} for bytes ${start}-${end}: ${await answer.text()}`)
  return Buffer.from(await answer.arrayBuffer())
}
