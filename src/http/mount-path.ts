import type { IncomingMessage } from 'node:http'
import { parsePathPrefix, withoutPrefix } from '../domain/path-prefix.ts'
import type { TrustsProxy } from './client-address.ts'

/** The prefix that a proxy has removed from the path; further proxies append theirs after a comma. */
const PREFIX_HEADER = 'x-forwarded-prefix'

/**
 * The path under which a trusted proxy serves us, without trailing slash; empty if there is none, or it is malformed.
 */
export function forwardedPrefix({ headers, socket }: IncomingMessage, trustsProxy: TrustsProxy): string {
  const told = headers[PREFIX_HEADER]
  if (told === undefined || !trustsProxy(socket.remoteAddress ?? '', 0)) return ''
  const parts = String(told)
    .split(',')
    .map((part) => parsePathPrefix(part.trim()))
  return parts.includes(undefined) ? '' : (parsePathPrefix(parts.join('')) ?? '')
}

/**
 * Removes the prefix from a request if the proxy has not done so, so that routes always see the same paths.
 *
 * @param publicPath - the path of `PUBLIC_URL`
 */
export function takePrefixOff(req: IncomingMessage, publicPath: string, trustsProxy: TrustsProxy): void {
  const target = req.url ?? '/'
  const rest = withoutPrefix(target, publicPath)
  req.url = rest === target ? withoutPrefix(target, forwardedPrefix(req, trustsProxy)) : rest
}
