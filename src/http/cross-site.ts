import type { IncomingMessage } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'
import type { Origins } from './origins.ts'

/** Throws `access.denied` for a request that a page of another site had no good reason to make. */
export type CrossSiteGuard = (req: IncomingMessage) => void

/** What may play a video, or look at its headers before; `document` is a link that a person follows. */
const VIDEO = new Set(['video', 'audio', 'track', 'empty', 'document'])
const LIST = new Set(['empty', 'document'])
/** What browsers accept for `<img>` and style sheets; no player asks like that. */
const PICTURE_OR_STYLE = /^(image\/|text\/css)/

/** Videos are open to players on every site, but no `<img>` or `<script>` starts a torrent. */
export const guardVideo: CrossSiteGuard = (req) => {
  if (isCrossSite(req)) refuseUnless(mayBe(req, VIDEO) && !isPrefetch(req))
  refuseUnless(mayBeNoPicture(req))
}

/** Lists make sources search: a page of another site asks for them only where it may read the answer. */
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
    // Apps on TVs are no web sites, and read answers without asking the browser: `null`, `file://`.
    refuseUnless(origin === undefined || !/^https?:/.test(origin) || origins.allow(origin))
  }
}

/** Browsers say so on https, and to this machine; other clients say nothing. @see Fetch Metadata, W3C */
function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

function mayBe({ headers }: IncomingMessage, destinations: ReadonlySet<string>): boolean {
  const destination = headers['sec-fetch-dest']
  return destination === undefined || destinations.has(String(destination))
}

/** Whether a page has it fetched before anybody follows a link. */
function isPrefetch({ headers }: IncomingMessage): boolean {
  return /prefetch/.test(`${headers['sec-purpose'] ?? ''} ${headers.purpose ?? ''}`)
}

/** A browser that says nothing of the destination, as to a plain http address, still says what it accepts. */
function mayBeNoPicture({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] !== undefined || !PICTURE_OR_STYLE.test(headers.accept ?? '')
}

function refuseUnless(isAllowed: boolean): void {
  if (isAllowed) return
  throw new SelfStremeError(
    'access.denied',
    'A page of another site asked for this. Add its origin to CORS_ORIGINS to let it read lists.',
  )
}
