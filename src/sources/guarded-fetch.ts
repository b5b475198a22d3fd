import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import { isPublicHost } from '../domain/clients/public-host.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import { redactSecrets } from '../lib/redact.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { guardedConnector, type Lookup } from './guarded-connector.ts'

export interface GuardedFetchOptions {
  /** URLs from the settings: exactly these hosts and ports may be in a private network */
  readonly trusted: readonly string[]
  /** proxy for all requests: `http://user:password@10.0.0.5:8080`, or `https:` or `socks5:` */
  readonly proxy?: string | undefined
  readonly userAgent: string
  /** resolves names; default `dns.lookup` */
  readonly lookup?: Lookup
}

export interface FetchLimits {
  /** from the first DNS lookup to the last byte, redirects included */
  readonly timeoutMs: number
  /** of the decompressed body */
  readonly maxBytes: number
}

export interface Fetched {
  readonly status: number
  readonly body: Buffer
  /** target of a redirect that is not followed because it is not http(s), such as a magnet link */
  readonly location?: string
}

export interface GuardedFetch extends AsyncDisposable {
  /**
   * Fetches a URL from a setting, or from a server that a setting names.
   *
   * @param headers - added to ours; a user name in the URL becomes `Authorization` for that origin
   * @returns the answer after redirects, whatever its status
   * @throws SelfStremeError `fetch.forbidden` for a private host, `fetch.timeout`, `fetch.too_large`, or `fetch.failed`
   * @throws the signal's reason when it aborts
   */
  get(
    url: string,
    limits: FetchLimits,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Fetched>
}

const MAX_REDIRECTS = 5
const MAX_CONNECTIONS = 8
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const UNPACKERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
}

/**
 * If there is a proxy, it resolves names and connects, so addresses cannot be checked here: only hosts whose names are
 * private (`localhost`, `10.0.0.1`, `nas.local`) are refused.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const trusted = new Set(options.trusted.map((url) => placeOf(new URL(url))))
  const dispatcher =
    options.proxy === undefined
      ? new Agent({
          connect: guardedConnector((host, port) => trusted.has(`${host}:${port}`), options.lookup),
          connections: MAX_CONNECTIONS,
        })
      : new ProxyAgent({ uri: options.proxy, connections: MAX_CONNECTIONS })

  async function follow(
    start: URL,
    maxBytes: number,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>>,
  ): Promise<Fetched> {
    const common = { 'user-agent': options.userAgent, 'accept-encoding': 'gzip, br', ...headers }
    const credentials = credentialsOf(start)
    let url = start
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      if (!trusted.has(placeOf(url)) && !isPublicHost(url.hostname)) {
        throw new SelfStremeError('fetch.forbidden', `${url.host} is a private host`)
      }
      const sent = url.origin === start.origin ? { ...common, ...credentials } : common
      // When aborted while connecting, undici rejects only once the connection is open or has failed.
      const asked = request(anonymous(url), { dispatcher, signal, headers: sent })
      const answer = await untilAborted(asked, signal)
      const fetched = await readAnswer(answer, maxBytes, url)
      if (fetched.location === undefined) return fetched
      const next = URL.parse(fetched.location, url.href)
      if (!next) throw new SelfStremeError('fetch.failed', `${url.host} redirects to an invalid URL`)
      if (!isWeb(next)) return fetched
      url = next
    }
    throw new SelfStremeError('fetch.failed', `${url.host} redirects more than ${MAX_REDIRECTS} times`)
  }

  return {
    async get(address, { timeoutMs, maxBytes }, signal, headers = {}) {
      const url = URL.parse(address)
      if (!url || !isWeb(url)) throw new SelfStremeError('fetch.forbidden', 'only http and https are fetched')
      using deadline = new Deadline(timeoutMs)
      try {
        return await follow(url, maxBytes, AbortSignal.any([signal, deadline.signal]), headers)
      } catch (error) {
        signal.throwIfAborted()
        if (!deadline.isPassed) throw worded(error, url)
        throw new SelfStremeError('fetch.timeout', `${url.host} did not answer within ${timeoutMs} ms`)
      }
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  }
}

function isWeb({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:'
}

/** Host and explicit port; IPv6 without brackets, as the connector gets it. */
function placeOf({ hostname, port, protocol }: URL): string {
  return `${hostname.replace(/^\[|\]$/g, '')}:${port || (protocol === 'https:' ? '443' : '80')}`
}

function anonymous(url: URL): URL {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare
}

function credentialsOf({ username, password }: URL): { Authorization?: string } {
  if (!username && !password) return {}
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return { Authorization: `Basic ${pair.toString('base64')}` }
}

async function readAnswer(
  answer: Dispatcher.ResponseData,
  maxBytes: number,
  { host }: URL,
): Promise<Fetched> {
  const { statusCode: status, headers, body } = answer
  // Errors reach the reader; without a listener, one before reading starts would end the process.
  body.on('error', () => undefined)
  try {
    if (REDIRECTS.has(status) && headers.location !== undefined)
      return { status, body: Buffer.alloc(0), location: String(headers.location) }
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of unpacked(answer)) {
      length += chunk.length
      if (length > maxBytes) {
        throw new SelfStremeError('fetch.too_large', `${host} sends more than ${maxBytes} bytes`)
      }
      chunks.push(chunk)
    }
    return { status, body: Buffer.concat(chunks, length) }
  } finally {
    body.destroy()
  }
}

function unpacked({ headers, body }: Dispatcher.ResponseData): Readable {
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding === 'identity') return body
  const unpack = UNPACKERS[encoding]
  if (!unpack) throw new SelfStremeError('fetch.failed', 'the answer has an unknown content-encoding')
  // `pipeline` destroys both streams if either fails or is left, and the reader gets the error.
  return pipeline(body, unpack(), () => undefined)
}

function worded(cause: unknown, { host }: URL): SelfStremeError {
  if (cause instanceof SelfStremeError) return cause
  // An AggregateError of several addresses has only a code.
  const why = messageOf(cause) || String((cause as { code?: unknown }).code)
  return new SelfStremeError('fetch.failed', redactSecrets(`${host}: ${why}`), { cause })
}
