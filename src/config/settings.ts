import { resolve } from 'node:path'
import { z } from 'zod'
import { isLoopbackHost, origin, pathPrefix, publicUrl, trackerUrl, trustedProxies } from './address-types.ts'
import { addonList, indexerList, metadataUrl } from './server-list.ts'
import {
  choice,
  flag,
  list,
  milliseconds,
  orNone,
  password,
  path,
  pattern,
  several,
  size,
  wholeNumber,
} from './setting-types.ts'

/** Used when `TORRENT_TRACKERS` is not set: long-lived public trackers that ask for no account. */
const PUBLIC_TRACKERS = [
  'udp://tracker.opentrackr.org:1337/announce',
  'udp://open.demonii.com:1337/announce',
  'udp://open.stealth.si:80/announce',
  'udp://tracker.torrent.eu.org:451/announce',
  'udp://exodus.desync.com:6969/announce',
  'udp://explodie.org:6969/announce',
]

/**
 * Every setting: its parser, its default, and what it means (Markdown). `npm run docs` writes docs/settings.md from it.
 * What the parts get of it is in config.ts.
 */
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
    TORRENT_ENCRYPTION: choice('auto', 'prefer', 'never', 'off')
      .default('auto')
      .describe(
        'protocol encryption between peers: `auto` (for those that take no other connection), `prefer`, `never`; `off` is the old name of `auto`',
      ),
    TORRENT_DIALS: wholeNumber('a number of connections (try 50)', 1)
      .default(50)
      .describe(
        'new connections to peers per second, of all torrents together; twice as many may be unanswered at a time. Fewer for a router that cannot take it',
      ),
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
        'who may use the server: `lan` = devices in private networks; `open` = everyone who knows the address; there are no access tokens yet',
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
