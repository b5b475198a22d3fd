import { createHash, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { clientKey } from '../domain/clients/client-key.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { clientOf, type TrustsProxy } from './client-address.ts'
import { GuessLimit } from './guess-limit.ts'

const WARN_EVERY_MS = 60_000

export interface OwnerOptions {
  readonly password?: string | undefined
  /** random, at least 128 bits; see `admin/owner-token.ts` */
  readonly token: string
  /** the address that devices use; its pages may send requests */
  readonly publicUrl?: string | undefined
}

/**
 * Lets in the owner: clients that send the password or the token. An address never makes an owner, as proxies, tunnels
 * and container networks connect from this machine for everyone.
 */
export function ownerGuard(
  { password, token, publicUrl }: OwnerOptions,
  trustsProxy: TrustsProxy,
  log: Log,
): RequestHandler {
  const limit = new GuessLimit()
  const warn = warnerOf(log)
  const isToken = sameAs(token)
  const isPassword = password === undefined ? () => false : sameAs(password)
  const ownHost = publicUrl === undefined ? undefined : new URL(publicUrl).host

  return (req, _res, next) => {
    if (isFromAnotherSite(req, ownHost))
      throw new SelfStremeError('access.denied', 'Pages of other sites may not send this request.')
    const given = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '')?.[1]
    if (given === undefined) throw unauthorized()
    // Node decodes headers as Latin-1, byte by byte.
    const bytes = Buffer.from(given, 'latin1')
    // Checked before the limit: wrong passwords from the same address must not lock out the holder of the token.
    if (isToken(bytes)) return next()

    const client = clientOf(req, trustsProxy).slice(0, 64)
    const waitMs = limit.waitMs(clientKey(client))
    if (waitMs > 0) {
      warn(client)
      const retryAfterSeconds = Math.ceil(waitMs / 1000)
      throw new SelfStremeError(
        'access.too_many_guesses',
        `Too many wrong passwords. Try again in ${retryAfterSeconds} s.`,
        { details: { retryAfterSeconds } },
      )
    }
    if (isPassword(bytes)) return next()
    limit.noteWrong(clientKey(client))
    warn(client)
    throw unauthorized()
  }
}

/** Whether a page of another site sent the request, by what browsers send. */
function isFromAnotherSite(req: Request, ownHost: string | undefined): boolean {
  const site = req.get('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const origin = req.get('origin')
  if (origin === undefined) return false
  const from = URL.parse(origin)?.host
  return from === undefined || from === '' || (from !== req.host && from !== ownHost)
}

function unauthorized(): SelfStremeError {
  return new SelfStremeError(
    'access.unauthorized',
    'Send "Authorization: Bearer" with the ADMIN_PASSWORD, or with the token that the server keeps in its download folder (.self-streme.token) or in DATA_PATH (admin-token).',
  )
}

/** Compares in constant time. */
function sameAs(secret: string): (given: Buffer) => boolean {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  const expected = digest(Buffer.from(secret))
  return (given) => timingSafeEqual(digest(given), expected)
}

/** Logs the first wrong password at once, and then at most one summary a minute. */
function warnerOf(log: Log): (address: string) => void {
  let tries = 0
  let saidAt = Number.NEGATIVE_INFINITY
  return (address) => {
    tries++
    if (performance.now() - saidAt < WARN_EVERY_MS) return
    log.warn('wrong passwords sent', { tries, address })
    tries = 0
    saidAt = performance.now()
  }
}
