const SECRET_PARAMETER = /((?:^|[?&;\s"'(])[\w.-]*(?:pass|passwd|password|token|secret|key)=)[^&\s"']+/gi
const USER_IN_URL = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s"'@]+@/gi

/** Removes secrets from a text: values of `apikey=` and the like, user names and passwords in URLs. */
export function redactSecrets(text: string): string {
  return text.replace(SECRET_PARAMETER, '$1***').replace(USER_IN_URL, '$1***@')
}

const TRACKER_URL = /((?:https?|udp|wss?):\/\/[^\s/?#"'<>]+)[^\s"'<>]*/gi
const MIN_SECRET_LENGTH = 6
/** path segments of tracker URLs that are not secret */
const PLAIN_WORDS = new Set(['announce', 'announce.php'])

/**
 * Removes tracker keys from a message: URLs are cut to the host, and no part of their paths or queries is left. Keys
 * are in either (`/0f3c…/announce`, `?passkey=0f3c…`).
 *
 * @param trackers - trackers whose keys may be in the text
 */
export function redactTrackers(text: string, trackers: readonly string[]): string {
  return trackers
    .flatMap(partsOf)
    .reduce((rest, part) => rest.replaceAll(part, '***'), text.replace(TRACKER_URL, '$1'))
}

function partsOf(tracker: string): string[] {
  const [, rest = ''] = /^[a-z]+:\/\/[^/?#]*(.*)$/i.exec(tracker) ?? []
  return rest
    .split(/[/?&=#]/)
    .filter((part) => part.length >= MIN_SECRET_LENGTH && !PLAIN_WORDS.has(part.toLowerCase()))
}
