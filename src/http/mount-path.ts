import type { IncomingMessage } from 'node:http'
import { parsePathPrefix, withoutPrefix } from '../domain/path-prefix.ts'
import type { TrustsProxy } from './client-address.ts'

/** What proxies say they took off in front of a path; each that took off more puts it behind a comma. */
const PREFIX_HEADER = 'x-forwarded-prefix'

/** The path under which a trusted proxy has us, without a slash at the end; empty where none says so in good form. */
export function forwardedPrefix({ headers, socket }: IncomingMessage, trustsProxy: TrustsProxy): string {
  const told = headers[PREFIX_HEADER]
  if (told === undefined || !trustsProxy(socket.remoteAddress ?? '', 0)) return ''
  const parts = String(told)
    .split(',')
    .map((part) => parsePathPrefix(part.trim()))
  return parts.includes(undefined) ? '' : (parsePathPrefix(parts.join('')) ?? '')
}

/**
 * Brings a request that a proxy sent with its prefix into the form it has without one, so that every route sees the same
 * paths whether or not the proxy takes it off.
 *
 * @param publicPath - the path of `PUBLIC_URL`
 */
export function takePrefixOff(req: IncomingMessage, publicPath: string, trustsProxy: TrustsProxy): void {
  const target = req.url ?? '/'
  const rest = withoutPrefix(target, publicPath)
  req.url = rest === target ? withoutPrefix(target, forwardedPrefix(req, trustsProxy)) : rest
}
