import { join } from 'node:path'
import { SETTINGS, type Settings } from './settings.ts'

/** Downloads of the owner that run at the same time: more would not be ready sooner. */
const DOWNLOADS_AT_ONCE = 3
/** A download of the owner that got nothing for this long lets the next one in the queue go first. */
const DOWNLOAD_STALL_MS = 600_000

/** Share of a list's time that the library may wait for a title: other sources may give the same file with more details. */
const LIBRARY_TITLE_SHARE = 1 / 2

/** A slice for each part, frozen. The settings themselves are in settings.ts. */
export type Config = ReturnType<typeof toConfig>

/** All mistakes in the settings, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads the settings once.
 *
 * @param env - such as `process.env`; an empty text is a value, not "unset"
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
      peerSearchMs: s.TORRENT_TIMEOUT,
      firstPieceMs: s.TORRENT_TIMEOUT,
      maxRetries: s.TORRENT_MAX_RETRIES,
      stallTimeoutMs: s.STREAM_STALL_TIMEOUT,
      seed: s.TORRENT_SEED,
    },
    // The same setting is the limit of the complete answer.
    streaming: { answerMs: s.TORRENT_TIMEOUT },
    cleanup: {
      idleMs: s.TORRENT_CLEANUP_INTERVAL,
      onShutdown: s.TORRENT_CLEANUP_ON_SHUTDOWN,
      maxBytes: s.CACHE_MAX_SIZE,
      minFreeBytes: s.CACHE_MIN_FREE,
    },
    downloads: {
      // One place stays for viewers.
      atOnce: Math.max(1, Math.min(DOWNLOADS_AT_ONCE, s.TORRENT_MAX_CONNECTIONS - 1)),
      stallMs: DOWNLOAD_STALL_MS,
    },
    watch: { path: s.WATCH_PATH },
    predownload: { kinds: s.PREDOWNLOAD },
    engine: engineConfig(s),
    films: { file: s.FILMS_FILE },
    media: { paths: s.MEDIA_PATH },
    sources: {
      addons: s.UPSTREAM_ADDONS,
      indexers: s.TORZNAB_URL.map((server) =>
        s.TORZNAB_API_KEY === undefined ? server : { apiKey: s.TORZNAB_API_KEY, ...server },
      ),
      metadataUrl: s.METADATA_URL || undefined,
      timeoutMs: s.SOURCE_TIMEOUT,
      titleMs: s.SOURCE_TIMEOUT * LIBRARY_TITLE_SHARE,
    },
    log: { level: s.LOG_LEVEL, format: s.LOG_FORMAT },
  })
}

function engineConfig(s: Settings) {
  return {
    folders: [s.TORRENT_DOWNLOAD_PATH, ...s.TORRENT_EXTRA_PATHS],
    port: s.TORRENT_PORT,
    trustedTrackers: s.TORRENT_TRACKERS,
    dht: s.TORRENT_DHT,
    dhtFile: s.TORRENT_DHT ? dhtFile(s) : undefined,
    pex: s.TORRENT_PEX,
    lsd: s.TORRENT_LSD,
    utp: s.TORRENT_UTP,
    webRtc: s.TORRENT_WEBRTC,
    nat: s.TORRENT_NAT,
    encryption: s.TORRENT_ENCRYPTION === 'off' ? 'auto' : s.TORRENT_ENCRYPTION,
    maxPeers: s.TORRENT_PEERS,
    dialsPerSecond: s.TORRENT_DIALS,
    downloadLimit: s.TORRENT_DOWNLOAD_LIMIT,
    uploadLimit: s.TORRENT_UPLOAD_LIMIT,
  }
}

/** Hidden in the download folder, as that may be shown to others. */
function dhtFile({ DATA_PATH, TORRENT_DOWNLOAD_PATH }: Settings): string {
  return DATA_PATH === undefined
    ? join(TORRENT_DOWNLOAD_PATH, '.self-streme.dht')
    : join(DATA_PATH, 'dht-nodes')
}

function freeze<T extends object>(value: T): Readonly<T> {
  for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) freeze(each)
  return Object.freeze(value)
}
