import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import { type ByteRange, lengthOf, parseRange, RangeNotSatisfiableError } from '../domain/byte-range.ts'
import type { Media } from '../streaming/media.ts'

/**
 * Answers GET and HEAD for a video: 200, 206, 304 or 416.
 *
 * @param gone - aborts when the client has left
 * @see RFC 9110 §13 (conditions), §14 (ranges)
 */
export async function sendMedia(req: Request, res: Response, media: Media, gone: AbortSignal): Promise<void> {
  res.set({ ETag: media.etag, 'Accept-Ranges': 'bytes', 'Cache-Control': 'no-transform' })
  if (media.lastModified) res.set('Last-Modified', media.lastModified.toUTCString())
  if (req.fresh) return void res.status(304).end()

  const range = rangeFor(req, media)
  if (range === 'none') return void res.status(416).set('Content-Range', `bytes */${media.size}`).end()

  const bytes = range ?? { start: 0, end: media.size - 1 }
  if (req.method !== 'HEAD') await media.whenStartable(bytes.start)
  res.status(range ? 206 : 200)
  if (range) res.set('Content-Range', `bytes ${range.start}-${range.end}/${media.size}`)
  // Express would add a charset, which no video has.
  res.setHeader('Content-Type', media.contentType)
  res.setHeader('Content-Length', lengthOf(bytes))
  if (req.method === 'HEAD') return void res.end()
  // Players look at the headers while the first bytes are still being fetched.
  res.flushHeaders()
  await pipeline(media.read(bytes, gone), res, { signal: gone })
}

/** @returns `undefined` to send everything, `none` if no byte of the file was asked for */
function rangeFor(req: Request, media: Media): ByteRange | 'none' | undefined {
  const condition = req.get('if-range')
  if (condition !== undefined && !isSameVersion(condition, media)) return undefined
  try {
    return parseRange(req.get('range'), media.size)
  } catch (error) {
    if (error instanceof RangeNotSatisfiableError) return 'none'
    throw error
  }
}

/** RFC 9110 §13.1.5: a strong entity tag, or the very date. */
function isSameVersion(condition: string, { etag, lastModified }: Media): boolean {
  if (condition.includes('"')) return condition.trim() === etag
  const date = Date.parse(condition)
  return lastModified !== undefined && Math.floor(lastModified.getTime() / 1000) * 1000 === date
}
