import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'

/** Browsers send about 20, and a proxy adds ten. */
const MAX_HEADERS = 100

/** Limits for the size and duration of a request; exceeding them closes the connection. */
export const REQUEST_LIMITS = {
  /** request line and headers, bytes */
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  /** with the body; the largest is a torrent file */
  requestTimeout: 120_000,
  /** between two requests */
  keepAliveTimeout: 5_000,
  /** how often the first two are checked */
  connectionsCheckingInterval: 5_000,
  /** Node's own answer has no body, see {@link checkHost}. */
  requireHostHeader: false,
} as const satisfies ServerOptions

/**
 * Refuses a request with more headers than any client sends. Node reads a thousand, and older releases drop the rest
 * silently, which could hide the header that names the client.
 *
 * @throws SelfStremeError `request.invalid`
 */
export function checkHeaderCount({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    throw new SelfStremeError('request.invalid', `the request has more than ${MAX_HEADERS} headers`)
  }
}

/**
 * Refuses a request of HTTP/1.1 without `Host`, and closes its connection (RFC 9112 §3.2).
 *
 * @throws SelfStremeError `request.invalid`
 */
export function checkHost({ headers, httpVersion }: IncomingMessage, res: ServerResponse): void {
  if (httpVersion !== '1.1' || headers.host !== undefined) return
  res.setHeader('Connection', 'close')
  throw new SelfStremeError('request.invalid', 'the request has no Host header, which HTTP/1.1 requires')
}
