import { parseListOptions } from './list/list-options.ts'

const SEGMENT = /^[\w~-][\w.~-]*$/
const MAX_LENGTH = 200

/** What our own addresses begin with, beside a mode such as `proxy`. */
const OWN_SEGMENTS = new Set([
  ...['stream', 'catalog', 'meta', 'manifest.json', 'configure', 'api', 'admin', 't'],
  ...['logo.svg', 'background.svg', 'poster'],
])

/**
 * The path under which a reverse proxy has the server, such as `/streme`. Letters, digits, `-`, `_`, `~` and dots that do
 * not begin a part: nothing that HTML, a URL or a header would read as something else.
 *
 * @param text - a slash at its end, or a missing one in front, does not count
 * @returns without a slash at the end; empty for `/`; `undefined` for what is no such path
 */
export function parsePathPrefix(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const path = text.replace(/^\/|\/$/g, '')
  if (path === '') return ''
  const parts = path.split('/')
  return parts.every((part) => SEGMENT.test(part)) ? `/${parts.join('/')}` : undefined
}

/**
 * Whether a prefix begins like an address of ours: then a path that begins with it may have it in front or not, and
 * nothing tells which.
 */
export function isOwnPath(prefix: string): boolean {
  const [, first = ''] = prefix.split('/')
  return OWN_SEGMENTS.has(first) || parseListOptions(first) !== undefined
}

/** A request target without the prefix, where it has it. */
export function withoutPrefix(target: string, prefix: string): string {
  if (prefix === '' || isOwnPath(prefix) || !target.startsWith(prefix)) return target
  const rest = target.slice(prefix.length)
  if (rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : target
}
