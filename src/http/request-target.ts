import type { IncomingMessage } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)([^#]*)$/i

/** Enough for a host name of 253 characters (RFC 1035 §2.3.4) and a port. */
const MAX_AUTHORITY = 300

/**
 * Brings a request into origin form (`/path?query`), so that every route sees the same kind of target. The host of an
 * absolute target replaces `Host`.
 *
 * @throws SelfStremeError `request.invalid` for two `Host` headers, or an invalid target
 * @see RFC 9112 §3.2
 */
export function toOriginForm(req: IncomingMessage): void {
  if (hostHeaders(req) > 1) throw invalid('the request has more than one Host header')
  const target = req.url ?? ''
  if (target.startsWith('/') || target === '*') return
  const [, authority = '', rest = ''] = ABSOLUTE_FORM.exec(target) ?? []
  // A user name before the host must be treated as an error (RFC 9110 §4.2.4).
  if (authority === '' || authority.includes('@') || authority.length > MAX_AUTHORITY)
    throw invalid(
      `"${target.slice(0, 80)}" is not a request target (expected a path, or a URL beginning with http://)`,
    )
  req.headers.host = authority
  req.url = rest.startsWith('/') ? rest : `/${rest}`
}

/** Counted in the raw headers: Node keeps the first `Host` and drops the others without an error. */
function hostHeaders({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}

function invalid(message: string): SelfStremeError {
  return new SelfStremeError('request.invalid', message)
}
