import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, messageOf, SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { clientOf, type TrustsProxy } from './client-address.ts'
import { sendJson } from './send-json.ts'

export const STATUS = {
  'media.not_found': 404,
  'media.no_peers': 404,
  'media.stalled': 504,
  'media.damaged': 503,
  'disk.full': 507,
  'disk.read_only': 507,
  'disk.failed': 503,
  'torrent.invalid': 404,
  'torrent.busy': 503,
  'torrent.bad_path': 400,
  'wish.impossible': 400,
  'cache.no_room': 507,
  'cache.unknown': 404,
  'cache.in_use': 409,
  'cache.elsewhere': 409,
  'engine.down': 503,
  'client.limit': 503,
  'client.idle': 503,
  'fetch.forbidden': 502,
  'fetch.timeout': 504,
  'fetch.too_large': 502,
  'fetch.failed': 502,
  'source.bad_answer': 502,
  'source.refused': 502,
  'source.unknown_id': 502,
  'app.closing': 503,
  'folder.in_use': 500,
  'access.denied': 403,
  'access.unauthorized': 401,
  'access.too_many_guesses': 429,
  'request.invalid': 400,
  'request.unsupported': 415,
} as const satisfies Record<ErrorCode, number>

const RETRY_AFTER_SECONDS = 30

/** Messages for errors whose own text contains paths and other internals. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  'media.damaged': 'The file on disk was changed or removed. Ask again, and it is downloaded again.',
  'disk.failed': 'The server cannot write to its disk; see the server log.',
  'engine.down': 'The download engine of the server is not running; see the server log.',
}

/** The answer if a film is not available. Clients may rely on the wording. */
const NO_STREAM = {
  error: 'Stream not found',
  message: 'Unable to stream this content. P2P connectivity is unavailable and no cached version exists.',
  suggestion: 'This content requires P2P connectivity or needs to be downloaded first.',
}

/** Logged once by their origin; players repeat such requests many times. */
const LOGGED_ELSEWHERE: ReadonlySet<ErrorCode | undefined> = new Set([
  'torrent.busy',
  'client.limit',
  'client.idle',
  'disk.full',
  'disk.read_only',
  'cache.no_room',
])

export type AnswerError = (error: unknown, req: IncomingMessage, res: ServerResponse) => void

/**
 * Turns anything thrown into an answer. If an answer has begun, its connection is closed, so that it is not taken for
 * complete.
 */
export function errorAnswerer(trustsProxy: TrustsProxy, log: Log): AnswerError {
  return (error, req, res) => {
    const path = req.url?.replace(/\?.*$/s, '')
    if (res.headersSent || res.closed) {
      if (!res.closed) log.debug('answer cut off', { path, reason: messageOf(error) })
      res.destroy()
      return
    }
    const { status, code } = understand(error)
    const fields = { client: clientOf(req, trustsProxy), path, code, reason: messageOf(error) }
    if (status >= 500 && !LOGGED_ELSEWHERE.has(code)) log.warn('request failed', fields)
    else log.debug('request refused', fields)

    for (const header of ['Content-Length', 'Content-Range', 'ETag', 'Last-Modified'])
      res.removeHeader(header)
    res.setHeader('Cache-Control', 'no-store')
    if (status === 503) res.setHeader('Retry-After', RETRY_AFTER_SECONDS)
    if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer')
    const details = error instanceof SelfStremeError ? error.details : undefined
    if (status === 429)
      res.setHeader('Retry-After', Number(details?.retryAfterSeconds ?? RETRY_AFTER_SECONDS))
    if (status === 404 && code !== undefined && code !== 'cache.unknown')
      return sendJson(res, status, { ...NO_STREAM, ...details })
    const words = status === 500 ? 'Internal error; see the server log.' : messageOf(error)
    sendJson(res, status, { error: code ?? 'error', message: (code && WORDS[code]) ?? words, ...details })
  }
}

function understand(error: unknown): { status: number; code?: ErrorCode } {
  if (error instanceof SelfStremeError) return { status: STATUS[error.code], code: error.code }
  // Errors of Express, such as for a URL that is not percent-encoded UTF-8.
  const { status } = (error ?? {}) as { status?: unknown }
  return { status: typeof status === 'number' && status >= 400 && status < 500 ? status : 500 }
}
