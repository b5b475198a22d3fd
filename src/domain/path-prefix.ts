import { parseListOptions } from './list/list-options.ts'

const SEGMENT = /^[\w~-][\w.~-]*$/
const MAX_LENGTH = 200

/** First segments of our own addresses, other than a mode such as `proxy`. */
const OWN_SEGMENTS = new Set([
  ...['stream', 'catalog', 'meta', 'manifest.json', 'configure', 'api', 'admin', 't'],
  ...['logo.svg', 'background.svg', 'poster'],
])

/**
 * The path of the server behind a reverse proxy, such as `/streme`. Allowed are ASCII letters, digits, `-`, `_`, `~`
 * and dots that do not begin a segment: nothing that HTML, a URL or a header would interpret.
 *
 * @param text - a trailing slash, or a missing leading one, does not matter
 * @returns without trailing slash; empty for `/`; `undefined` if it is not such a path
 */
export function parsePathPrefix(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const path = text.replace(/^\/|\/$/g, '')
  if (path === '') return ''
  const parts = path.split('/')
  return parts.every((part) => SEGMENT.test(part)) ? `/${parts.join('/')}` : undefined
}

/**
 * Whether a prefix begins like one of our own addresses. Then it cannot be told whether a request path includes the
 * prefix.
 */
export function isOwnPath(prefix: string): boolean {
  const [, first = ''] = prefix.split('/')
  return OWN_SEGMENTS.has(first) || parseListOptions(first) !== undefined
}

/** A request target without the prefix, if it has it. */
export function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || isOwnPath(prefix) || !target.startsWith(prefix)) return target
  const rest = target.slice(prefix.length)
  if (rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : target
}
