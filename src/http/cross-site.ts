import type { IncomingMessage } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'
import type { Origins } from './origins.ts'

/** Throws `access.denied` for a request that a page of another site has no legitimate reason to make. */
export type CrossSiteGuard = (req: IncomingMessage) => void

/** Destinations that may play a video, or read its headers first; `document` is a followed link. */
const VIDEO = new Set(['video', 'audio', 'track', 'empty', 'document'])
const LIST = new Set(['empty', 'document'])
/** What browsers accept for `<img>` and style sheets; no player sends this. */
const PICTURE_OR_STYLE = /^(image\/|text\/css)/

/** Players on every site may request videos, but an `<img>` or `<script>` must not start a torrent. */
export const guardVideo: CrossSiteGuard = (req) => {
  if (isCrossSite(req)) refuseUnless(mayBe(req, VIDEO) && !isPrefetch(req))
  refuseUnless(mayBeNoPicture(req))
}

/** Lists start searches, so a page of another site may only request lists that it may read. */
export function listGuard(origins: Origins): CrossSiteGuard {
  return (req) => {
    if (req.method === 'OPTIONS') return
    refuseUnless(mayBeNoPicture(req))
    if (!isCrossSite(req)) return
    const { origin } = req.headers
    refuseUnless(mayBe(req, LIST) && !isPrefetch(req))
    refuseUnless(
      req.headers['sec-fetch-mode'] !== 'no-cors' || (origin !== undefined && origins.allow(origin)),
    )
    // TV apps are not web sites, and their requests are not subject to CORS: `null`, `file://`.
    refuseUnless(origin === undefined || !/^https?:/.test(origin) || origins.allow(origin))
  }
}

/** Sent by browsers over https and to localhost; other clients send nothing. @see Fetch Metadata, W3C */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function mayBe({ headers }: IncomingMessage, destinations: ReadonlySet<string>): boolean {
  const destination = headers['sec-fetch-dest']
  return destination === undefined || destinations.has(String(destination))
}

/** Whether a browser prefetches a link that no one has followed yet. */
function isPrefetch({ headers }: IncomingMessage): boolean {
  return /prefetch/.test(`${headers['sec-purpose'] ?? ''} ${headers.purpose ?? ''}`)
}

/** Without fetch metadata, as over plain http, a browser still sends `Accept`. */
function mayBeNoPicture({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] !== undefined || !PICTURE_OR_STYLE.test(headers.accept ?? '')
}

function refuseUnless(isAllowed: boolean): void {
  if (isAllowed) return
  throw new SelfStremeError(
    'access.denied',
    'This request was made by a page of another site. Add its origin to CORS_ORIGINS to let it read lists.',
  )
}
