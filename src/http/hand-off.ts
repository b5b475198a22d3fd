import { realpath } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { relative, sep } from 'node:path'
import { isInside } from '../files/real-location.ts'
import type { Media } from '../streaming/media.ts'
import type { TrustsProxy } from './client-address.ts'

export interface HandOffOptions {
  /** where the proxy has the folder, such as `/_media` */
  readonly prefix: string
  /** the folder */
  readonly root: string
}

/** Leaves the bytes of a video to the proxy in front, where that can be. @returns whether it was done */
export type HandOff = (req: IncomingMessage, res: ServerResponse, media: Media) => Promise<boolean>

/** A proxy that can send files says so with this header, whose value is the prefix it knows. */
const OFFER = 'x-accel-prefix'

/** Read alike by all; a range in any other form is answered here. */
const PLAIN_RANGE = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-\d{1,15})$/

/** What the proxy would judge once more, by its own idea of the file. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since']

/**
 * `X-Accel-Redirect`, as nginx has it: the answer names the file and has no body, and the proxy sends what `Range`
 * asks for. Only for whole files that really lie in the folder, and only for a trusted proxy that offers it: whoever
 * asks us directly would get nothing.
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
    // The proxy says it too, and where it does, it would stand there twice.
    res.removeHeader('Accept-Ranges')
    res.end()
    return true
  }
}

function isPlain(range: string): boolean {
  const [found, first = '0', last = first] = PLAIN_RANGE.exec(range) ?? []
  return found !== undefined && Number(first) <= Number(last)
}

/** How to get from a folder to a file when all links are followed; `undefined` if that leads out of the folder. */
async function wayInside(folder: string, path: string): Promise<string | undefined> {
  // A file that is taken away at this moment is still open here.
  const [from, to] = await Promise.all([realpath(folder), realpath(path)]).catch(() => [])
  if (from === undefined || to === undefined) return undefined
  return isInside(from, to) ? relative(from, to) : undefined
}
