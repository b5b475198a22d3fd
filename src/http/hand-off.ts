import { realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { relative, sep } from 'node:path'
import { isInside } from '../files/real-location.ts'
import type { Media } from '../streaming/media.ts'
import type { TrustsProxy } from './client-address.ts'

export interface HandOffOptions {
  /** location of the folder in the proxy, such as `/_media` */
  readonly prefix: string
  /** the folder on this machine */
  readonly root: string
}

/** Leaves sending a video to the proxy in front, if possible. @returns whether it was done */
export type HandOff = (req: IncomingMessage, res: ServerResponse, media: Media) => Promise<boolean>

/** A proxy that can send files says so with this header; its value is the prefix. */
const OFFER = 'x-accel-prefix'

/** Ranges that nginx and we read alike; others are answered here. */
const PLAIN_RANGE = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-\d{1,15})$/

/** Conditions that the proxy would evaluate again, with its own validators. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/**
 * `X-Accel-Redirect` of nginx: the answer names the file and has no body, and the proxy sends what `Range` asks for.
 * Only for complete files in the folder, and only if a trusted proxy offers it: a direct client would get no content.
 *
 * @param options - absent: nothing is handed off
 */
export function handOffTo(options: HandOffOptions | undefined, trustsProxy: TrustsProxy): HandOff {
  return async (req, res, media) => {
    const { headers, socket } = req
    if (options === undefined || headers[OFFER] !== options.prefix) return false
    if (req.method !== 'GET' || !trustsProxy(socket.remoteAddress ?? '', 0)) return false
    if (CONDITIONS.some((name) => headers[name] !== undefined)) return false
    if (headers.range !== undefined && !isPlain(headers.range)) return false
    const way = media.wholeAt && (await wayInside(options.root, media.wholeAt))
    if (!way) return false

    media.noteRead()
    res.statusCode = 200
    res.setHeader('X-Accel-Redirect', `${options.prefix}/${way.split(sep).map(encodeURIComponent).join('/')}`)
    res.setHeader('Content-Type', media.contentType)
    res.setHeader('Content-Length', 0)
    // nginx adds this header itself; it would be there twice.
    res.removeHeader('Accept-Ranges')
    res.end()
    return true
  }
}

function isPlain(range: string): boolean {
  const [found, first = '0', last = first] = PLAIN_RANGE.exec(range) ?? []
  return found !== undefined && Number(first) <= Number(last)
}

/** Relative path from a folder to a file, with links resolved; `undefined` if the file is outside. */
async function wayInside(folder: string, path: string): Promise<string | undefined> {
  // The file may have been removed since it was opened; then we send it.
  const [from, to] = await Promise.all([realpath(folder), realpath(path)]).catch(() => [])
  if (from === undefined || to === undefined) return undefined
  return isInside(from, to) ? relative(from, to) : undefined
}
