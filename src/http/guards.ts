import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import { SelfStremeError } from '../domain/errors.ts'
import {
  isForwarded,
  isFromLoopback,
  isFromPrivateNetwork,
  namesClientOtherwise,
  type TrustsProxy,
} from './client-address.ts'

export interface AccessOptions {
  readonly mode: 'lan' | 'open'
  readonly adminPassword?: string | undefined
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Throws for a request that must not be answered. */
export type AccessGuard = (req: IncomingMessage) => void

/**
 * Lets in whom `ACCESS` lets in.
 *
 * @param trustsProxy - absent: forwarding headers are not believed at all
 * @throws SelfStremeError `access.denied`
 */
export function accessGuard({ mode }: AccessOptions, trustsProxy: TrustsProxy | undefined): AccessGuard {
  return (req) => {
    if (mode === 'open') return
    if (isForwarded(req) && !trustsProxy) {
      throw new SelfStremeError(
        'access.denied',
        'This request came through a proxy. Set TRUST_PROXY to the address of your proxy, so that the server can see who asks.',
      )
    }
    const trusts = trustsProxy ?? (() => false)
    if (namesClientOtherwise(req, trusts)) {
      throw new SelfStremeError(
        'access.denied',
        'This request came through a proxy that does not say for whom. Make it send X-Forwarded-For, and TRUST_PROXY name its address.',
      )
    }
    if (!isFromPrivateNetwork(req, trusts)) {
      throw new SelfStremeError(
        'access.denied',
        'This server answers only devices in its own network. Set ACCESS=open to let in everybody who knows its address.',
      )
    }
  }
}

/** Lets in who knows the admin password; where none is set, whoever sits at this machine. */
export function adminGuard({ adminPassword }: AccessOptions): RequestHandler {
  return (req, _res, next) => {
    if (adminPassword !== undefined) {
      const given = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '')?.[1]
      // Node reads headers as Latin-1, byte for byte.
      if (given !== undefined && isSame(Buffer.from(given, 'latin1'), Buffer.from(adminPassword)))
        return next()
      throw new SelfStremeError(
        'access.unauthorized',
        'Send "Authorization: Bearer" with the ADMIN_PASSWORD.',
      )
    }
    const isFromPage =
      req.get('sec-fetch-site') === 'cross-site' ||
      isForeign(req.get('origin'), req.get('host')) ||
      !isOurName(req.get('host'))
    const isFromHere = isFromLoopback(req) && !isForwarded(req) && !isFromPage
    if (isFromHere) return next()
    throw new SelfStremeError(
      'access.denied',
      'Set ADMIN_PASSWORD to do this from another device, through a proxy, or by another name than 127.0.0.1.',
    )
  }
}

/**
 * Whether a page of another site sent the request. A name that a stranger made lead to this machine is foreign too,
 * though it equals the request's own host.
 */
function isForeign(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return false
  const from = URL.parse(origin)
  return !from || from.host !== host || !LOOPBACK_NAMES.has(from.hostname)
}

/**
 * Whether a request asks for this machine by its own name. Pages do not say where they come from when they ask their
 * own host for something to read, and a stranger's name may have been made to lead here.
 */
function isOurName(host: string | undefined): boolean {
  return host === undefined || LOOPBACK_NAMES.has(URL.parse(`http://${host}`)?.hostname ?? '')
}

/** Compares in a time that does not tell how much of the two is alike. */
function isSame(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(a), digest(b))
}
