import { resolve } from 'node:path'
import { z } from 'zod'
import { trackerHost } from '../domain/bittorrent/tracker-url.ts'
import { isOwnPath, parsePathPrefix } from '../domain/path-prefix.ts'
import { parseIpAddress, writtenVersion } from '../lib/ip-address.ts'
import { addonList, indexerList, metadataUrl } from './server-list.ts'

const MIB = 1024 * 1024

/** Used when `TORRENT_TRACKERS` is not set: long-lived public trackers that ask for no account. */
const PUBLIC_TRACKERS = [
  'udp://tracker.opentrackr.org:1337/announce',
  'udp://open.demonii.com:1337/announce',
  'udp://open.stealth.si:80/announce',
  'udp://tracker.torrent.eu.org:451/announce',
  'udp://exodus.desync.com:6969/announce',
  'udp://explodie.org:6969/announce',
]

/** Every setting: its parser, its default, and what it means (Markdown). `npm run docs` writes docs/settings.md from it. */
export const SETTINGS = z
  .object({
    PORT: wholeNumber('a port (try 7000)', 0, 65_535).default(7000).describe('HTTP port; 0 = any free port'),
    HOST: pattern(/\S/, 'an address to listen on (try 0.0.0.0)')
      .default('0.0.0.0')
      .describe('address to listen on'),
    PUBLIC_URL: orNone(publicUrl()).describe(
      'address under which devices reach the server, such as `https://films.example.org`; with the path, if a proxy serves it under one. Needed where the request does not tell',
    ),
    TRUST_PROXY: orNone(trustedProxies()).describe(
      'addresses of reverse proxies whose forwarding headers are believed: `loopback`, `172.17.0.1`, `10.0.0.0/8`, comma-separated. A number of proxies is allowed only with `HOST=127.0.0.1`',
    ),

    ACCEL_PREFIX: orNone(pathPrefix()).describe(
      'internal location under which nginx has the download folder, such as `/_media`: nginx then sends complete files itself. Needs `TRUST_PROXY`',
    ),

    TORRENT_DOWNLOAD_PATH: path().default(resolve('temp')).describe('folder for downloads and the cache'),
    TORRENT_CLEANUP_INTERVAL: milliseconds()
      .default(1_800_000)
      .describe('milliseconds after the last read until a torrent is removed; 0 = keep for good'),
    TORRENT_CLEANUP_ON_SHUTDOWN: choice('idle', 'all', 'none')
      .default('idle')
      .describe(
        'what a graceful stop removes: `idle` = what is past that time, `all` = everything the server fetched, `none`',
      ),
    TORRENT_MAX_CONNECTIONS: wholeNumber('a number of torrents (try 25)', 1)
      .default(25)
      .describe('torrents in the swarm at the same time; complete ones do not count'),
    TORRENT_TIMEOUT: milliseconds(1)
      .default(120_000)
      .describe('milliseconds to find peers before the answer is 404'),
    TORRENT_MAX_RETRIES: wholeNumber('a number of tries (try 4)')
      .default(4)
      .describe('further attempts to find peers, in the background; 0 = none'),
    STREAM_STALL_TIMEOUT: milliseconds(1)
      .default(30_000)
      .describe('milliseconds that a viewer waits in mid-stream before the connection is closed'),
    CACHE_MAX_SIZE: orNone(size(1)).describe(
      'soft limit for what fetched torrents take on disk, such as `50GB`',
    ),
    CACHE_MIN_FREE: size(0).default(1e9).describe('hard limit: what always stays free on the disk'),
    TORRENT_EXTRA_PATHS: list(path())
      .default([])
      .describe('further folders, comma-separated, in which single torrents may be put'),
    WATCH_PATH: orNone(path()).describe('folder whose torrent files and magnet links are added'),
    PREDOWNLOAD: several('first', 'next', 'all')
      .default([])
      .describe(
        'what is fetched before a viewer asks for it: `off`, or one or more of `first`, `next`, `all`, comma-separated',
      ),

    TORRENT_PORT: wholeNumber('a port (try 6881)', 0, 65_535)
      .default(6881)
      .describe(
        'BitTorrent port: TCP for peers, UDP for the DHT (with `TORRENT_UTP`, the DHT uses the next port); 0 = any free port',
      ),
    TORRENT_TRACKERS: list(trackerUrl())
      .default(PUBLIC_TRACKERS)
      .describe(
        'trackers, comma-separated, that replace the built-in list; empty = none. A tracker in your own network must be named here, with port and path',
      ),
    TORRENT_DHT: flag().default(true).describe('find peers through the DHT'),
    TORRENT_PEX: flag().default(true).describe('find peers through other peers'),
    TORRENT_LSD: flag().default(false).describe('find peers on the local network'),
    TORRENT_UTP: flag().default(false).describe('connect over uTP too'),
    TORRENT_WEBRTC: flag().default(false).describe('connect to peers in browsers too'),
    TORRENT_NAT: flag().default(false).describe('ask the router to open the port (UPnP, NAT-PMP)'),
    TORRENT_ENCRYPTION: choice('off', 'prefer')
      .default('off')
      .describe('protocol encryption between peers: `off`, `prefer`'),
    TORRENT_PEERS: wholeNumber('a number of peers (try 35)', 1)
      .default(35)
      .describe('connections per torrent'),
    TORRENT_DOWNLOAD_LIMIT: orNone(size(1)).describe(
      'download limit for all torrents together, per second, such as `5MB`',
    ),
    TORRENT_UPLOAD_LIMIT: orNone(size(0)).describe('upload limit for all torrents together, per second'),
    TORRENT_SEED: flag()
      .default(false)
      .describe('share complete torrents, as many at a time as `TORRENT_MAX_CONNECTIONS` allows'),

    MEDIA_PATH: list(path())
      .default([])
      .describe('folders with films and series that you have, comma-separated; read only'),
    FILMS_FILE: orNone(path()).describe('JSON file with your own list of films'),
    UPSTREAM_ADDONS: addonList()
      .default([])
      .describe(
        'manifest addresses of other addons to ask for streams, comma-separated, each with ` proxy=…` if needed',
      ),
    TORZNAB_URL: indexerList()
      .default([])
      .describe(
        'Torznab addresses of indexers to ask for torrents, comma-separated, each with ` apikey=…` and ` proxy=…` if needed',
      ),
    TORZNAB_API_KEY: orNone(pattern(/\S/, 'a key')).describe(
      'API key for indexers without a key of their own',
    ),
    METADATA_URL: metadataUrl()
      .default('https://v3-cinemeta.strem.io')
      .describe(
        'addon that knows titles: for your folders, for indexers that do not search by IMDb id, and to find an episode in a pack; empty = none',
      ),
    SOURCE_TIMEOUT: milliseconds(1)
      .default(6_000)
      .describe('milliseconds that a list waits for indexers and addons'),

    ACCESS: choice('lan', 'open')
      .default('lan')
      .describe(
        'who may use the server: `lan` = devices in private networks; `open` = everybody who knows the address, for there are no access tokens yet',
      ),
    CORS_ORIGINS: list(origin())
      .default([])
      .describe(
        "origins of web pages that may read lists, in addition to Stremio's own, comma-separated, such as `https://player.example.org`; `*` = every site",
      ),
    DATA_PATH: orNone(path()).describe(
      'folder for what the server must not lose, such as the owner token; without it, the token is a hidden file in the download folder',
    ),
    ADMIN_PASSWORD: password()
      .optional()
      .describe('password for `/admin` and `/api`, in addition to the token; at least 12 characters'),
    LOG_LEVEL: choice('error', 'warn', 'info', 'debug')
      .default('info')
      .describe('how much is logged: `error`, `warn`, `info`, `debug`'),
    LOG_FORMAT: choice('text', 'json').default('text').describe('form of the log lines: `text`, `json`'),
  })
  .refine((s) => typeof s.TRUST_PROXY !== 'number' || isLoopbackHost(s.HOST), {
    path: ['TRUST_PROXY'],
    error:
      'a number of proxies believes every client that connects directly: write the address of the proxy instead (try TRUST_PROXY=loopback, or 172.17.0.1), or let only this machine connect (HOST=127.0.0.1)',
  })
  .refine((s) => s.ACCEL_PREFIX === undefined || s.TRUST_PROXY !== undefined, {
    path: ['ACCEL_PREFIX'],
    error: 'works only with TRUST_PROXY, which says where the proxy is (try TRUST_PROXY=loopback)',
  })

export type Settings = z.infer<typeof SETTINGS>
/** All settings in the form the parts want them; frozen. */
export type Config = ReturnType<typeof toConfig>

/** Every mistake in the settings, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads the settings once.
 *
 * @param env - names to text, such as `process.env`; an empty text is a value, not "unset"
 * @throws ConfigError with all mistakes together
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = SETTINGS.safeParse(env)
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`).join('\n'),
    )
  }
  return toConfig(parsed.data)
}

function toConfig(s: Settings) {
  return freeze({
    http: {
      port: s.PORT,
      host: s.HOST,
      publicUrl: s.PUBLIC_URL,
      trustProxy: s.TRUST_PROXY,
      accelPrefix: s.ACCEL_PREFIX,
      corsOrigins: s.CORS_ORIGINS,
    },
    access: { mode: s.ACCESS, adminPassword: s.ADMIN_PASSWORD },
    data: { dataPath: s.DATA_PATH, downloadPath: s.TORRENT_DOWNLOAD_PATH },
    torrents: {
      root: s.TORRENT_DOWNLOAD_PATH,
      extraPaths: s.TORRENT_EXTRA_PATHS,
      trackers: s.TORRENT_TRACKERS,
      maxTorrents: s.TORRENT_MAX_CONNECTIONS,
      timeoutMs: s.TORRENT_TIMEOUT,
      maxRetries: s.TORRENT_MAX_RETRIES,
      stallTimeoutMs: s.STREAM_STALL_TIMEOUT,
      seed: s.TORRENT_SEED,
    },
    cleanup: {
      idleMs: s.TORRENT_CLEANUP_INTERVAL,
      onShutdown: s.TORRENT_CLEANUP_ON_SHUTDOWN,
      maxBytes: s.CACHE_MAX_SIZE,
      minFreeBytes: s.CACHE_MIN_FREE,
    },
    wishes: {
      // Viewers have the rest; more at a time would not come sooner.
      atOnce: Math.max(1, Math.min(3, s.TORRENT_MAX_CONNECTIONS - 1)),
      stallMs: 600_000,
    },
    watch: { path: s.WATCH_PATH },
    predownload: { kinds: s.PREDOWNLOAD },
    engine: {
      folders: [s.TORRENT_DOWNLOAD_PATH, ...s.TORRENT_EXTRA_PATHS],
      port: s.TORRENT_PORT,
      trustedTrackers: s.TORRENT_TRACKERS,
      dht: s.TORRENT_DHT,
      pex: s.TORRENT_PEX,
      lsd: s.TORRENT_LSD,
      utp: s.TORRENT_UTP,
      webRtc: s.TORRENT_WEBRTC,
      nat: s.TORRENT_NAT,
      encryption: s.TORRENT_ENCRYPTION,
      maxPeers: s.TORRENT_PEERS,
      downloadLimit: s.TORRENT_DOWNLOAD_LIMIT,
      uploadLimit: s.TORRENT_UPLOAD_LIMIT,
    },
    films: { file: s.FILMS_FILE },
    media: { paths: s.MEDIA_PATH },
    sources: {
      addons: s.UPSTREAM_ADDONS,
      indexers: s.TORZNAB_URL.map((server) =>
        s.TORZNAB_API_KEY === undefined ? server : { apiKey: s.TORZNAB_API_KEY, ...server },
      ),
      metadataUrl: s.METADATA_URL || undefined,
      timeoutMs: s.SOURCE_TIMEOUT,
    },
    log: { level: s.LOG_LEVEL, format: s.LOG_FORMAT },
  })
}

function freeze<T extends object>(value: T): Readonly<T> {
  for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) freeze(each)
  return Object.freeze(value)
}

function pattern(expected: RegExp, words: string) {
  return z.string().regex(expected, { error: (issue) => `"${issue.input}" is not ${words}` })
}

function wholeNumber(words: string, min = 0, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform(Number)
}

function milliseconds(min = 0) {
  return wholeNumber('a number of milliseconds (try 120000)', min)
}

function flag() {
  return pattern(/^(true|false|1|0)$/, 'true or false').transform((text) => text === 'true' || text === '1')
}

function choice<const T extends string>(...options: readonly T[]) {
  return z.enum(options, { error: (issue) => `"${issue.input}" is not one of ${options.join(', ')}` })
}

/** One or several of them, comma-separated; `off` is none. */
function several<const T extends string>(...options: readonly T[]) {
  const item = z.enum(options, {
    error: (issue) => `"${issue.input}" is not off, nor one or several of ${options.join(', ')}`,
  })
  return z
    .string()
    .transform((text) => (text.trim() === 'off' ? [] : split(text)))
    .pipe(z.array(item))
}

function path() {
  return pattern(/\S/, 'a path').transform((text) => resolve(text))
}

/** Bytes, written as `5000000` or `5MB` or `5MiB`. */
function size(min: number) {
  const units: Readonly<Record<string, number>> = {
    K: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    KI: 1024,
    MI: MIB,
    GI: 1024 * MIB,
  }
  const words = `a size${min > 0 ? ' above 0' : ''} (try 50GB)`
  const bytesOf = (text: string) =>
    Math.floor(Number.parseFloat(text) * (units[/[KMGT]I?(?=B?$)/.exec(text.toUpperCase())?.[0] ?? ''] ?? 1))
  return pattern(/^\d+(\.\d+)?\s*([KMGT]|[KMG]i)?B?$/i, words)
    .refine((text) => bytesOf(text) >= min && Number.isSafeInteger(bytesOf(text)), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform(bytesOf)
}

function publicUrl() {
  const words = 'the address devices use (try https://films.example.org, or https://example.org/films)'
  const pathOf = (text: string) => parsePathPrefix(text.replace(/^https?:\/\/[^/]+/i, ''))
  return pattern(/^https?:\/\/[^/?#@\\\s]+(?:\/[^?#\\\s]*)?$/i, words)
    .refine((text) => URL.canParse(text) && pathOf(text) !== undefined, {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .refine((text) => !isOwnPath(pathOf(text) ?? ''), {
      error: (issue) =>
        `"${issue.input}" has a path that begins like an address of self-streme's own, so that the two cannot be told apart: choose another one`,
    })
    .transform((text) => new URL(text).origin + pathOf(text))
}

/** What a browser sends in `Origin`; `null` is what pages without an address send, `*` stands for every site. */
function origin() {
  const words = 'an origin (try https://player.example.org), nor * for every site'
  return pattern(/^(\*|null|file:\/\/|[a-z][a-z\d+.-]*:\/\/[^/?#@\\\s]+\/?)$/i, words)
    .refine((text) => !/^https?:\/\/[^/]/i.test(text) || URL.canParse(text), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform((text) =>
      /^https?:/i.test(text) ? new URL(text).origin : text.toLowerCase().replace(/([^/])\/$/, '$1'),
    )
}

function pathPrefix() {
  return pattern(/^(\/[\w~-][\w.~-]*)+\/?$/, 'a path of the proxy (try /_media)').transform((text) =>
    text.replace(/\/$/, ''),
  )
}

function trackerUrl() {
  const words = 'a tracker (try udp://tracker.example.org:1337/announce)'
  return pattern(/^/, words).refine((text) => trackerHost(text) !== undefined, {
    error: (issue) => `"${issue.input}" is not ${words}`,
  })
}

/** Long enough that nobody guesses it in the years that the server stands there. The value itself is never repeated. */
function password() {
  const least = 12
  return z.string().refine((text) => text.trim() !== '' && [...text].length >= least, {
    error: (issue) =>
      issue.input === ''
        ? '"" is not a password; leave the setting out to have none'
        : `is too short: expected a password of at least ${least} letters`,
  })
}

/** Which addresses the proxies have, or how many there are; the form Express takes. */
function trustedProxies() {
  const words = 'a list of addresses of proxies (try loopback or 10.0.0.0/8), nor a number of them'
  const isCount = (text: string) => /^[1-9]$/.test(text)
  return z
    .string()
    .refine((text) => isCount(text) || (split(text).length > 0 && split(text).every(isProxy)), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform((text) => (isCount(text) ? Number(text) : split(text)))
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || parseIpAddress(host)?.range === 'loopback'
}

/** An address as people write it, one with a prefix, or one of the words Express has for them. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [, address = '', prefix] = /^([^/]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? []
  const version = writtenVersion(address)
  if (version === undefined) return false
  return prefix === undefined || Number(prefix) <= (version === 4 ? 32 : 128)
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** Comma-separated; an empty text is an empty list. */
function list<T extends z.ZodType<string, string>>(item: T) {
  return z.string().transform(split).pipe(z.array(item))
}

/** An optional setting for which an empty text says "none". */
function orNone<T extends z.ZodType<unknown, string>>(setting: T) {
  return z
    .union([z.literal('').transform(() => undefined), setting], {
      error: (issue) => messageOfBranch(issue),
    })
    .optional()
}

/** A union reports that nothing matched; the person wants to hear what the real branch said. */
function messageOfBranch(issue: {
  readonly errors?: readonly (readonly { readonly message: string }[])[]
}): string {
  return issue.errors?.at(-1)?.[0]?.message ?? 'is not valid'
}
