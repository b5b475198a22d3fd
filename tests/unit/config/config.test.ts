import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config/config.ts'

function mistakesOf(env: Readonly<Record<string, string>>): string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

test('the defaults of all settings give a working server', () => {
  expect(readConfig({})).toMatchObject({
    http: { port: 7000, host: '0.0.0.0', publicUrl: undefined, trustProxy: undefined },
    access: { mode: 'lan', adminPassword: undefined },
    torrents: {
      root: resolve('temp'),
      extraPaths: [],
      maxTorrents: 25,
      peerSearchMs: 120_000,
      firstPieceMs: 120_000,
      maxRetries: 4,
      stallTimeoutMs: 30_000,
      seed: false,
    },
    streaming: { answerMs: 120_000 },
    cleanup: { idleMs: 1_800_000, onShutdown: 'idle', maxBytes: undefined, minFreeBytes: 1e9 },
    engine: {
      port: 6881,
      dht: true,
      pex: true,
      lsd: false,
      utp: false,
      webRtc: false,
      nat: false,
      encryption: 'auto',
      maxPeers: 35,
      dialsPerSecond: 50,
      downloadLimit: undefined,
      uploadLimit: undefined,
    },
    films: { file: undefined },
    sources: { addons: [], indexers: [], metadataUrl: 'https://v3-cinemeta.strem.io', timeoutMs: 6_000 },
    log: { level: 'info', format: 'text' },
  })
  expect(readConfig({}).torrents.trackers.length).toBeGreaterThan(3)
})

test('settings of other programs are ignored', () => {
  expect(readConfig({ PATH: '/bin', npm_config_x: '1' })).toEqual(readConfig({}))
})

test('all mistakes are reported together, one per line, each with the name of the setting and what was expected', () => {
  const mistakes = mistakesOf({
    PORT: 'http',
    TORRENT_TIMEOUT: '2 min',
    TORRENT_UPLOAD_LIMIT: 'lots',
    TORRENT_DHT: 'yes',
    ACCESS: 'everybody',
    PUBLIC_URL: 'films.example.org',
    TORRENT_TRACKERS: 'ftp://a, udp://b.org:1, c',
  })
  expect(mistakes.toSorted()).toEqual([
    'ACCESS: "everybody" is not one of lan, open',
    'PORT: "http" is not a port (try 7000)',
    'PUBLIC_URL: "films.example.org" is not the address devices use (try https://films.example.org, or https://example.org/films)',
    'TORRENT_DHT: "yes" is not true or false',
    'TORRENT_TIMEOUT: "2 min" is not a number of milliseconds (try 120000)',
    'TORRENT_TRACKERS: "c" is not a tracker (try udp://tracker.example.org:1337/announce)',
    'TORRENT_TRACKERS: "ftp://a" is not a tracker (try udp://tracker.example.org:1337/announce)',
    'TORRENT_UPLOAD_LIMIT: "lots" is not a size (try 50GB)',
  ])
})

test.for([
  'PUBLIC_URL',
  'TRUST_PROXY',
  'TORRENT_DOWNLOAD_LIMIT',
  'TORRENT_UPLOAD_LIMIT',
  'FILMS_FILE',
  'UPSTREAM_ADDONS',
  'TORZNAB_URL',
  'TORZNAB_API_KEY',
])('an empty %s means "none"', (name) => {
  expect(readConfig({ [name]: '' })).toEqual(readConfig({}))
})

test('an empty list of trackers means no trackers, not the built-in ones', () => {
  const config = readConfig({ TORRENT_TRACKERS: '', TORRENT_EXTRA_PATHS: '' })
  expect(config.torrents.trackers).toEqual([])
  expect(config.engine.trustedTrackers).toEqual([])
  expect(config.torrents.extraPaths).toEqual([])
})

test.for([
  'PORT',
  'HOST',
  'TORRENT_DOWNLOAD_PATH',
  'TORRENT_CLEANUP_INTERVAL',
  'TORRENT_TIMEOUT',
  'TORRENT_MAX_RETRIES',
  'TORRENT_DHT',
  'TORRENT_ENCRYPTION',
  'ADMIN_PASSWORD',
  'ACCESS',
  'LOG_LEVEL',
])('an empty %s is a mistake', (name) => {
  expect(mistakesOf({ [name]: '' })).toEqual([expect.stringContaining(`${name}: "" is not `)])
})

test.for([
  ['0', 0],
  ['80', 80],
  ['65535', 65_535],
] as const)('PORT=%s is a port', ([PORT, port]) => {
  expect(readConfig({ PORT }).http.port).toBe(port)
})

test.for(['65536', '-1', '80.5', '0x50', '8e1', ' 80', '80 ', '٨٠'])('PORT=%s is not a port', (PORT) => {
  expect(mistakesOf({ PORT })).toEqual([`PORT: "${PORT}" is not a port (try 7000)`])
})

test.for([
  ['5000000', 5_000_000],
  ['5MB', 5_000_000],
  ['5 MB', 5_000_000],
  ['5mb', 5_000_000],
  ['5M', 5_000_000],
  ['5MiB', 5 * 2 ** 20],
  ['500B', 500],
  ['64KiB', 2 ** 16],
  ['1.5GB', 1_500_000_000],
  ['2GiB', 2 ** 31],
  ['1TB', 1e12],
] as const)('%s is %i bytes', ([text, bytes]) => {
  const { engine } = readConfig({ TORRENT_DOWNLOAD_LIMIT: text, TORRENT_UPLOAD_LIMIT: text })
  expect([engine.downloadLimit, engine.uploadLimit]).toEqual([bytes, bytes])
})

test.for(['lots', '-5', '5PB', '1e9', '.5G', '5.', '1,5GB', '5 5', 'GB', '9999999TB'])(
  '"%s" is not a size',
  (text) => {
    expect(mistakesOf({ TORRENT_UPLOAD_LIMIT: text })).toEqual([
      `TORRENT_UPLOAD_LIMIT: "${text}" is not a size (try 50GB)`,
    ])
  },
)

test('an upload limit of 0 is accepted, a download limit of 0 is a mistake', () => {
  expect(readConfig({ TORRENT_UPLOAD_LIMIT: '0' }).engine.uploadLimit).toBe(0)
  expect(mistakesOf({ TORRENT_DOWNLOAD_LIMIT: '0' })).toHaveLength(1)
  expect(mistakesOf({ TORRENT_DOWNLOAD_LIMIT: '0.5' })).toHaveLength(1)
})

test.for(['1', '2147483647', '2147483648', '9007199254740991'])(
  '%s ms is a valid time, even if no timer can count it',
  (text) => {
    const config = readConfig({
      TORRENT_TIMEOUT: text,
      TORRENT_CLEANUP_INTERVAL: text,
      STREAM_STALL_TIMEOUT: text,
    })
    expect([config.torrents.peerSearchMs, config.cleanup.idleMs, config.torrents.stallTimeoutMs]).toEqual(
      Array(3).fill(Number(text)),
    )
  },
)

test.for(['-5', '1.5', '2 min', '120s', '9007199254740992'])('"%s" is not a time', (text) => {
  expect(mistakesOf({ TORRENT_TIMEOUT: text })).toEqual([
    `TORRENT_TIMEOUT: "${text}" is not a number of milliseconds (try 120000)`,
  ])
})

test('0 is accepted for the idle time and retries, and is a mistake for timeouts', () => {
  expect(readConfig({ TORRENT_CLEANUP_INTERVAL: '0' }).cleanup.idleMs).toBe(0)
  expect(readConfig({ TORRENT_MAX_RETRIES: '0' }).torrents.maxRetries).toBe(0)
  for (const name of [
    'TORRENT_TIMEOUT',
    'STREAM_STALL_TIMEOUT',
    'TORRENT_MAX_CONNECTIONS',
    'TORRENT_PEERS',
  ]) {
    expect(mistakesOf({ [name]: '0' })).toHaveLength(1)
  }
})

test.for([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
] as const)('%s is a valid switch', ([text, expected]) => {
  expect(readConfig({ TORRENT_DHT: text, TORRENT_SEED: text })).toMatchObject({
    engine: { dht: expected },
    torrents: { seed: expected },
  })
})

test.for([
  ['loopback', ['loopback']],
  ['loopback, linklocal, uniquelocal', ['loopback', 'linklocal', 'uniquelocal']],
  ['10.0.0.1', ['10.0.0.1']],
  ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ['fd00::/8', ['fd00::/8']],
  ['10.0.0.0/8, fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
] as const)('TRUST_PROXY=%s names the trusted proxies', ([TRUST_PROXY, expected]) => {
  expect(readConfig({ TRUST_PROXY }).http.trustProxy).toEqual(expected)
})

test.for(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])(
  'with HOST=%s, TRUST_PROXY may be a number of proxies',
  (HOST) => {
    for (const TRUST_PROXY of ['1', '2'])
      expect(readConfig({ HOST, TRUST_PROXY }).http.trustProxy).toBe(Number(TRUST_PROXY))
  },
)

test.for([undefined, '0.0.0.0', '::', '192.168.1.5', 'films.lan', '127.0.0.1.example.org'])(
  'with HOST=%s, TRUST_PROXY must be addresses, because a number would trust every client',
  (HOST) => {
    for (const TRUST_PROXY of ['1', '2']) {
      expect(mistakesOf({ TRUST_PROXY, ...(HOST === undefined ? {} : { HOST }) })).toEqual([
        expect.stringMatching(/^TRUST_PROXY: .*try TRUST_PROXY=loopback, or 172\.17\.0\.1/),
      ])
    }
    expect(mistakesOf({ TRUST_PROXY: '172.17.0.1', ...(HOST === undefined ? {} : { HOST }) })).toEqual([])
  },
)

test.for(['twelve chars', 'pässwörter✓✓', '🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑', 'x'.repeat(200)])(
  'ADMIN_PASSWORD=%s is long enough',
  (ADMIN_PASSWORD) => {
    expect(readConfig({ ADMIN_PASSWORD }).access.adminPassword).toBe(ADMIN_PASSWORD)
  },
)

test.for(['x', 'hunter2', 'eleven char', '🔑🔑🔑🔑🔑🔑', ' '.repeat(20)])(
  'ADMIN_PASSWORD=%j is too short, and the message does not repeat it',
  (ADMIN_PASSWORD) => {
    const [mistake, ...others] = mistakesOf({ ADMIN_PASSWORD })
    expect(mistake).toBe('ADMIN_PASSWORD: is too short: expected a password of at least 12 characters')
    expect(others).toEqual([])
  },
)

// Express takes some of these as "trust everyone", or as another address than the one that was meant.
test.for([
  'true',
  'all',
  '*',
  '-1',
  'nginx',
  '10.0.0.0/33',
  '10.0.0.0/',
  '300.1.1.1',
  'loopback,nginx',
  '0',
  ',',
  ' ',
  '100',
  '2130706433',
  '5,10.0.0.1',
  '127.1',
  '0x7f.1',
  '0.0.0.0/0',
  '::/0',
])('TRUST_PROXY="%s" is a mistake and trusts no proxy', (TRUST_PROXY) => {
  expect(mistakesOf({ TRUST_PROXY })).toEqual([
    `TRUST_PROXY: "${TRUST_PROXY}" is not a list of proxy addresses (try loopback or 10.0.0.0/8), or a number of proxies`,
  ])
})

test.for([
  ['https://films.example.org', 'https://films.example.org'],
  ['https://films.example.org/', 'https://films.example.org'],
  ['HTTP://Films.Example.ORG:8080', 'http://films.example.org:8080'],
  ['http://[::1]:7000/', 'http://[::1]:7000'],
  ['https://Example.org/streme', 'https://example.org/streme'],
  ['https://example.org/streme/', 'https://example.org/streme'],
  ['http://nas:8080/media/self-streme_2/v1.0~a', 'http://nas:8080/media/self-streme_2/v1.0~a'],
] as const)('PUBLIC_URL=%s makes links begin with %s', ([PUBLIC_URL, expected]) => {
  expect(readConfig({ PUBLIC_URL }).http.publicUrl).toBe(expected)
})

test.for([
  'films.example.org',
  'ftp://a.org',
  'https://a.org/films?x',
  'https://a.org/films#x',
  'https://a.org//films',
  'https://a.org/films//',
  'https://a.org/../films',
  'https://a.org/films/./b',
  'https://a.org/a"><script>',
  'https://a.org/a b',
  'https://a.org/a%2Fb',
  'https://a.org/a\\b',
  'https://a.org?x',
  'https://a.org#x',
  'http://',
  'http://a.org:99999',
  'http://user@a.org',
  'http://user:password@a.org',
  'http://a.org\\b',
  'http://127.0.0.1\\@a.org',
  'http://a b',
])('PUBLIC_URL=%s is a mistake: links cannot begin with it', (PUBLIC_URL) => {
  expect(mistakesOf({ PUBLIC_URL })).toEqual([expect.stringContaining(`PUBLIC_URL: "${PUBLIC_URL}" is not `)])
})

test.for(['stream', 'api/films', 'proxy', 'manifest.json'])(
  'PUBLIC_URL with the path /%s is a mistake: it looks like one of our own addresses',
  (path) => {
    expect(mistakesOf({ PUBLIC_URL: `https://a.org/${path}` })).toEqual([
      expect.stringMatching(/^PUBLIC_URL: ".*" has a path that begins like an address of self-streme's own/),
    ])
  },
)

test('lists are separated by commas, with or without spaces', () => {
  const config = readConfig({
    TORRENT_TRACKERS: 'udp://a.org:1, http://b.org/announce ,,wss://c.org',
    TORRENT_EXTRA_PATHS: '/films , more',
  })
  expect(config.torrents.trackers).toEqual(['udp://a.org:1', 'http://b.org/announce', 'wss://c.org'])
  expect(config.torrents.extraPaths).toEqual(['/films', resolve('more')])
})

test.for(['udp://a b', 'http://user@a.org/', 'http://127.0.0.1\\@a.org/', 'udp://', 'a.org'])(
  'TORRENT_TRACKERS=%s is a mistake: not a tracker',
  (TORRENT_TRACKERS) => {
    expect(mistakesOf({ TORRENT_TRACKERS })).toEqual([
      `TORRENT_TRACKERS: "${TORRENT_TRACKERS}" is not a tracker (try udp://tracker.example.org:1337/announce)`,
    ])
  },
)

test('trackers in the settings are trusted by the engine', () => {
  expect(readConfig({ TORRENT_TRACKERS: 'http://10.0.0.1/' }).engine.trustedTrackers).toEqual([
    'http://10.0.0.1/',
  ])
})

test.for([
  ['', []],
  ['*', ['*']],
  ['https://player.example.org', ['https://player.example.org']],
  ['https://Player.example.org:443/, http://a.lan:8080', ['https://player.example.org', 'http://a.lan:8080']],
  ['null, file://, capacitor://localhost/', ['null', 'file://', 'capacitor://localhost']],
] as const)('CORS_ORIGINS=%s allows the sites %j', ([CORS_ORIGINS, expected]) => {
  expect(readConfig({ CORS_ORIGINS }).http.corsOrigins).toEqual(expected)
})

test.for([
  'player.example.org',
  'https://',
  'https://a.b/path',
  'https://a.b?x',
  'https://a@b.c',
  'https://*.b.c/d',
  '**',
  'https://a:99999',
])('CORS_ORIGINS=%s is a mistake', (CORS_ORIGINS) => {
  expect(mistakesOf({ CORS_ORIGINS })).toEqual([
    `CORS_ORIGINS: "${CORS_ORIGINS}" is not an origin (try https://player.example.org, or * for every site)`,
  ])
})

test('relative paths start at the working directory of the server', () => {
  const config = readConfig({ TORRENT_DOWNLOAD_PATH: 'films', FILMS_FILE: './films.json' })
  expect([config.torrents.root, config.films.file]).toEqual([resolve('films'), resolve('films.json')])
})

test('the config is frozen at every depth', () => {
  const config = readConfig({ TRUST_PROXY: 'loopback', TORRENT_EXTRA_PATHS: '/films' })
  expect(notFrozen(config)).toEqual([])
  expect(notFrozen(readConfig({}))).toEqual([])
})

/** Paths of the objects that are not frozen. */
function notFrozen(value: unknown, path = 'config'): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, each]) => notFrozen(each, `${path}.${key}`))
  return Object.isFrozen(value) ? inside : [path, ...inside]
}

test.for([
  ['/_media', '/_media'],
  ['/_media/', '/_media'],
  ['/a/b.c/~d', '/a/b.c/~d'],
  ['', undefined],
] as const)('ACCEL_PREFIX %j is the prefix %j', ([text, prefix]) => {
  expect(readConfig({ ACCEL_PREFIX: text, TRUST_PROXY: 'loopback' }).http.accelPrefix).toBe(prefix)
})

test.for(['_media', '/', '/a b', '/../a', '/a/./b', '/a?b', 'http://a/b', '//a'])(
  'ACCEL_PREFIX %j is a mistake',
  (text) => {
    expect(mistakesOf({ ACCEL_PREFIX: text, TRUST_PROXY: 'loopback' })).toEqual([
      `ACCEL_PREFIX: "${text}" is not a path of the proxy (try /_media)`,
    ])
  },
)

test('ACCEL_PREFIX without TRUST_PROXY is a mistake', () => {
  expect(mistakesOf({ ACCEL_PREFIX: '/_media' })).toEqual([
    'ACCEL_PREFIX: works only with TRUST_PROXY, which says where the proxy is (try TRUST_PROXY=loopback)',
  ])
})

test('UPSTREAM_ADDONS is a list of manifest URLs, which may contain commas', () => {
  const addons = `https://a.example.org/sort=x,y|z/manifest.json,stremio://b.example.org/manifest.json?c=1
    proxy=http://me:pass@10.0.0.5:8080, http://127.0.0.1:7001/manifest.json#top`
  expect(readConfig({ UPSTREAM_ADDONS: addons }).sources.addons).toEqual([
    { url: 'https://a.example.org/sort=x,y|z/manifest.json' },
    { url: 'https://b.example.org/manifest.json?c=1', proxy: 'http://me:pass@10.0.0.5:8080' },
    { url: 'http://127.0.0.1:7001/manifest.json' },
  ])
})

test('TORZNAB_URL is a list of indexers, each with its own API key', () => {
  const indexers = `http://127.0.0.1:9696/1/api?x=1&apikey=in-url, http://jackett:9117/results/torznab/ apikey=own
    proxy=socks5://10.0.0.5:1080 http://127.0.0.1:9696`
  expect(readConfig({ TORZNAB_URL: indexers, TORZNAB_API_KEY: 'common' }).sources.indexers).toEqual([
    { url: 'http://127.0.0.1:9696/1/api?x=1', apiKey: 'in-url' },
    { url: 'http://jackett:9117/results/torznab/api', apiKey: 'own', proxy: 'socks5://10.0.0.5:1080' },
    { url: 'http://127.0.0.1:9696/api', apiKey: 'common' },
  ])
})

test.for([
  ['https://titles.example.org', 'https://titles.example.org'],
  ['https://titles.example.org/x/manifest.json', 'https://titles.example.org/x'],
  ['https://titles.example.org/x/', 'https://titles.example.org/x'],
  ['', undefined],
] as const)('METADATA_URL "%s" is the address %s', ([METADATA_URL, expected]) => {
  expect(readConfig({ METADATA_URL }).sources.metadataUrl).toBe(expected)
})

test.for([
  ['UPSTREAM_ADDONS', 'addon.example.org', '"addon.example.org" is not the manifest of an addon'],
  ['UPSTREAM_ADDONS', 'https://a.org/s3cret/configure', '"https://a.org/…" is not the manifest of an addon'],
  ['UPSTREAM_ADDONS', 'https://a.org/manifest.json b.org', '"b.org" is not an option (there is proxy=…)'],
  ['UPSTREAM_ADDONS', 'https://a.org/manifest.json apikey=s3cret', '"apikey=…" is not an option'],
  ['UPSTREAM_ADDONS', 'https://a.org/manifest.json proxy=s3cret', '"proxy=…" is not the address of a proxy'],
  ['UPSTREAM_ADDONS', 'https://a.org/manifest.json proxy=ftp://s3cret@a.org', '"proxy=…" is not the address'],
  ['TORZNAB_URL', 'ftp://s3cret@a.org/?apikey=s3cret', '"ftp://a.org/…" is not the Torznab address'],
  ['TORZNAB_URL', 'http://a.org key=s3cret', '"key=…" is not an option (there is apikey=…, proxy=…)'],
  ['METADATA_URL', 'cinemeta', '"cinemeta" is not an addon that knows titles'],
] as const)('the message for %s "%s" hides secrets', ([name, value, expected]) => {
  const mistakes = mistakesOf({ [name]: value })
  expect(mistakes).toHaveLength(1)
  expect(mistakes[0]).toContain(`${name}: ${expected}`)
  expect(mistakes[0]).not.toContain('s3cret')
})

test.for([
  ['off', []],
  ['', []],
  ['first', ['first']],
  ['next', ['next']],
  ['first, next,all', ['first', 'next', 'all']],
] as const)('PREDOWNLOAD "%s" fetches %s ahead', ([PREDOWNLOAD, expected]) => {
  expect(readConfig({ PREDOWNLOAD }).predownload.kinds).toEqual(expected)
})

test.for(['yes', 'off,first', 'first;next'])('PREDOWNLOAD "%s" is a mistake', (PREDOWNLOAD) => {
  expect(mistakesOf({ PREDOWNLOAD })).toEqual([
    expect.stringMatching(/^PREDOWNLOAD: ".*" is not off, or one or more of first, next, all$/),
  ])
})
