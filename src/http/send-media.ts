import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ByteRange, lengthOf, parseRange, RangeNotSatisfiableError } from '../domain/byte-range.ts'
import type { Media } from '../streaming/media.ts'
import { isNotModified, isSameVersion } from './conditions.ts'
import type { HandOff } from './hand-off.ts'
import { sendSlices } from './send-slices.ts'
import type { StreamPlace } from './stream-places.ts'

/** How the bytes of a video reach the client. */
export interface Sending {
  readonly handOff: HandOff
  readonly place: StreamPlace
  /** aborts when the client has left, or the stream has to end */
  readonly gone: AbortSignal
}

/**
 * Answers GET and HEAD for a video: 200, 206, 304 or 416. The body of the first two may be left to the proxy in front.
 *
 * @see RFC 9110 §13 (conditions), §14 (ranges)
 */
export async function sendMedia(
  req: IncomingMessage,
  res: ServerResponse,
  media: Media,
  { handOff, place, gone }: Sending,
): Promise<void> {
  if (media.etag !== undefined) res.setHeader('ETag', media.etag)
  res.setHeader('Accept-Ranges', 'bytes')
  res.setHeader('Cache-Control', 'no-transform')
  if (media.lastModified) res.setHeader('Last-Modified', media.lastModified.toUTCString())
  if (isNotModified(req.headers, media)) return endEmpty(res, 304)

  const range = rangeFor(req, media)
  if (range === 'none') {
    res.setHeader('Content-Range', `bytes */${media.size}`)
    return endEmpty(res, 416)
  }

  if (await handOff(req, res, media)) return
  const bytes = range ?? { start: 0, end: media.size - 1 }
  if (req.method !== 'HEAD') await media.whenStartable(bytes.start)
  res.statusCode = range ? 206 : 200
  if (range) res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${media.size}`)
  res.setHeader('Content-Type', media.contentType)
  res.setHeader('Content-Length', lengthOf(bytes))
  if (req.method === 'HEAD') return void res.end()
  // Players read the headers while the first bytes are still being downloaded; from disk, both are sent together.
  if (media.wholeAt === undefined) res.flushHeaders()
  await sendSlices(res, media.read(bytes, gone), place, gone)
}

function endEmpty(res: ServerResponse, status: number): void {
  res.statusCode = status
  res.end()
}

/** @returns `undefined` to send the complete file, `none` if no requested byte exists */
function rangeFor({ headers }: IncomingMessage, media: Media): ByteRange | 'none' | undefined {
  const condition = headers['if-range'] as string | undefined
  if (condition !== undefined && !isSameVersion(condition, media)) return undefined
  try {
    return parseRange(headers.range, media.size)
  } catch (error) {
    if (error instanceof RangeNotSatisfiableError) return 'none'
    throw error
  }
}
