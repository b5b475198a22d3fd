import type { IncomingHttpHeaders } from 'node:http'

/** The validators of a file's current version. */
export interface Version {
  /** strong, in quotes; absent if unknown */
  readonly etag?: string | undefined
  readonly lastModified?: Date | undefined
}

/**
 * Whether the client already has this version, so that 304 is the answer.
 *
 * @see RFC 9110 §13.1.2, §13.1.3
 */
export function isNotModified(headers: IncomingHttpHeaders, { etag, lastModified }: Version): boolean {
  const { 'if-none-match': known, 'if-modified-since': since, 'cache-control': wish = '' } = headers
  if (known === undefined && since === undefined) return false
  // Sent on reload.
  if (/(^|,)\s*no-cache\s*(,|$)/i.test(wish)) return false
  if (known !== undefined) return known.trim() === '*' || tagsIn(known).some((tag) => tag === etag)
  return lastModified !== undefined && wholeSeconds(lastModified) <= Date.parse(since ?? '')
}

/**
 * Whether a client that resumes a download has the beginning of this version: an equal strong entity tag, or an equal
 * date.
 *
 * @see RFC 9110 §13.1.5
 */
export function isSameVersion(condition: string, { etag, lastModified }: Version): boolean {
  if (condition.includes('"')) return condition.trim() === etag
  return lastModified !== undefined && wholeSeconds(lastModified) === Date.parse(condition)
}

/** The entity tags of a list, compared weakly. */
function tagsIn(list: string): string[] {
  return list.match(/"[^"]*"/g) ?? []
}

/** HTTP dates have a resolution of a second. */
function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}
