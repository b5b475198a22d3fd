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
  /** URLs that the user wrote into the settings: exactly these hosts with these ports may be in a private network */
  readonly trusted: readonly string[]
  /** all requests go through it: `http://user:password@10.0.0.5:8080`, or `https:` or `socks5:` */
  readonly proxy?: string | undefined
  readonly userAgent: string
  /** who knows names; the system, unless a test knows better */
  readonly lookup?: Lookup
}

export interface FetchLimits {
  /** from the first name that is looked up to the last byte, redirects included */
  readonly timeoutMs: number
  /** of the body, unpacked */
  readonly maxBytes: number
}

export interface Fetched {
  readonly status: number
  readonly body: Buffer
  /** where a redirect leads that is not followed, because it is no http: a magnet link, for one */
  readonly location?: string
}

export interface GuardedFetch extends AsyncDisposable {
  /**
   * Fetches what somebody else named: a setting, or a server that a setting names.
   *
   * @param headers - besides our own; a user name in the URL becomes `Authorization` for that origin
   * @returns whatever the last server of the way said, errors too
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
 * With a proxy it is the proxy who looks names up and connects, so we see no address: then only hosts that are private
 * by what they are called (`localhost`, `10.0.0.1`, `nas.local`) are refused, and the rest is up to the proxy.
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
      // Called off while it connects, undici says so only when the connection is there, or has failed.
      const asked = request(anonymous(url), { dispatcher, signal, headers: sent })
      const answer = await untilAborted(asked, signal)
      const fetched = await readAnswer(answer, maxBytes, url)
      if (fetched.location === undefined) return fetched
      const next = URL.parse(fetched.location, url.href)
      if (!next) throw new SelfStremeError('fetch.failed', `${url.host} redirects to what is no URL`)
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

/** Host and port, the port always said; IPv6 without its brackets, as the connector has it. */
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
  // Who reads hears of an error; while nobody reads, it must not end the process.
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
  if (!unpack) throw new SelfStremeError('fetch.failed', 'it sends what is packed in an unknown way')
  // Whichever of the two fails or is left takes the other with it, and whoever reads hears of it.
  return pipeline(body, unpack(), () => undefined)
}

function worded(cause: unknown, { host }: URL): SelfStremeError {
  if (cause instanceof SelfStremeError) return cause
  // Of several addresses that failed together, nothing is said but a code.
  const why = messageOf(cause) || String((cause as { code?: unknown }).code)
  return new SelfStremeError('fetch.failed', redactSecrets(`${host}: ${why}`), { cause })
}
