const SECRET_PARAMETER = /((?:^|[?&;\s"'(])[\w.-]*(?:pass|passwd|password|token|secret|key)=)[^&\s"']+/gi
const USER_IN_URL = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s"'@]+@/gi

/** The same text without what opens doors: values of `apikey=` and the like, and who signs in with what in a URL. */
export function redactSecrets(text: string): string {
  return text.replace(SECRET_PARAMETER, '$1***').replace(USER_IN_URL, '$1***@')
}
