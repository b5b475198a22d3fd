import type { IncomingHttpHeaders } from 'node:http'

/** What tells one version of a file from another. */
export interface Version {
  /** strong, in quotes; absent where it is not known */
  readonly etag?: string | undefined
  readonly lastModified?: Date | undefined
}

/**
 * Whether the client already has this version, and wants no other answer than that.
 *
 * @see RFC 9110 §13.1.2, §13.1.3
 */
export function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Version): boolean {
  const { 'if-none-match': known, 'if-modified-since': since, 'cache-control': wish = '' } = headers
  if (known === undefined && since === undefined) return false
  // The user pressed "reload".
  if (/(^|,)\s*no-cache\s*(,|$)/i.test(wish)) return false
  if (known !== undefined) return known.trim() === '*' || tagsIn(known).some((tag) => tag === etag)
  return lastModified !== undefined && wholeSeconds(lastModified) <= Date.parse(since ?? '')
}

/**
 * Whether a client that goes on where it stopped has the beginning of this version: a strong entity tag, or the very
 * date.
 *
 * @see RFC 9110 §13.1.5
 */
export function isSameVersion(condition: string, { etag, lastModified }: Version): boolean {
  if (condition.includes('"')) return condition.trim() === etag
  return lastModified !== undefined && wholeSeconds(lastModified) === Date.parse(condition)
}

/** The tags of a list, all of them as if they were strong. */
function tagsIn(list: string): string[] {
  return list.match(/"[^"]*"/g) ?? []
}

/** HTTP counts no parts of a second. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}
