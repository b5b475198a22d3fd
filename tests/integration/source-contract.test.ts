import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { VideoId } from '../../src/domain/video-id.ts'
import type { Titles } from '../../src/library/titles.ts'
import { createFilmLibrary } from '../../src/sources/film-library.ts'
import { createLibrarySource } from '../../src/sources/library.ts'
import { openRemoteSources } from '../../src/sources/remote-sources.ts'
import { createSearch } from '../../src/sources/search.ts'
import type { Source } from '../../src/sources/source.ts'
import { BroughtFiles } from '../../src/torrents/brought-files.ts'
import { BAD_ANSWERS } from '../support/bad-answers.ts'
import { torrentFile } from '../support/indexed-torrent.ts'
import { indexOf } from '../support/library-file.ts'
import { type LocalServer, startLocalServer } from '../support/local-server.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { recordingLog } from '../support/recording-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type IndexedTorrent, startTorznabServer } from '../support/torznab-server.ts'

/** A source that hangs must be left out soon; one that works must not be, even on a busy machine. */
const SHORT_MS = 400
const LONG_MS = 20_000
const FILM: VideoId = { kind: 'movie', id: 'tt1' }
const HASH = 'a'.repeat(40)
const { log } = recordingLog()

/** A source, and the server behind it, if any. */
interface Arranged extends AsyncDisposable {
  readonly source: Source
  readonly server?: LocalServer
}

/** Makes a source that behaves, or one whose server answers wrongly. */
interface Arrangement {
  readonly honest: () => Promise<Arranged>
  readonly with: (answer: RequestListener) => Promise<Arranged>
  /** answers that repeat the same thing thousands of times */
  readonly repeated: () => Promise<Arranged>
}

const addonStream = { infoHash: HASH, fileIdx: 0, name: 'Film' }

async function overAddon(options: Parameters<typeof startOtherAddon>[0]): Promise<Arranged> {
  const addon = await startOtherAddon({ streams: { 'movie/tt1': [addonStream] }, ...options })
  return arranged(addon, { addons: [{ url: addon.manifestUrl }], indexers: [] })
}

async function overTorznab(
  options: Parameters<typeof startTorznabServer>[0],
  torrent: Partial<IndexedTorrent> = { infoHash: HASH },
  metadataUrl?: string,
): Promise<Arranged> {
  const torrents = [{ title: 'Film', imdbId: 'tt1', ...torrent }]
  const indexer = await startTorznabServer({ torrents, ...options })
  return arranged(indexer, { addons: [], indexers: [{ url: indexer.api }], metadataUrl })
}

async function overMetadata(answer: RequestListener): Promise<Arranged> {
  await using starting = new AsyncDisposableStack()
  const titles = starting.use(await startLocalServer(answer))
  const { source } = starting.use(
    await overTorznab({ movieSearch: undefined }, { infoHash: HASH }, titles.url),
  )
  const parts = starting.move()
  return { source, server: titles, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** A film in a folder, which is found by the title of its id. */
async function overLibrary(answer: RequestListener): Promise<Arranged> {
  await using starting = new AsyncDisposableStack()
  const server = starting.use(await startLocalServer(answer))
  const named = { addons: [], indexers: [], metadataUrl: server.url }
  const { metadata } = starting.use(
    openRemoteSources({ ...named, version: '1.0.0', instance: 'one' }, new BroughtFiles(), log),
  )
  const index = indexOf('Film (2010)/Film.mkv')
  const titles: Omit<Titles, 'works'> = {
    withId: async (...asked) => index.withId(...asked),
    titled: async (...asked) => index.titled(...asked),
    has: async (kind) => index.has(kind),
  }
  const source = createLibrarySource({ titleMs: LONG_MS }, titles, metadata, log)
  const parts = starting.move()
  return { source, server, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

function arranged(
  server: LocalServer,
  named: Pick<Parameters<typeof openRemoteSources>[0], 'addons' | 'indexers' | 'metadataUrl'>,
): Arranged {
  const remote = openRemoteSources({ ...named, version: '1.0.0', instance: 'one' }, new BroughtFiles(), log)
  return {
    source: remote.sources[0] as Source,
    server,
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const times = 5_000
const json =
  (value: unknown): RequestListener =>
  (_req, res) =>
    res.end(JSON.stringify(value))
const manifest = { id: 'org.example.other', types: ['movie'] }
const item = `<item><title>Film</title><attr name="infohash" value="${HASH}"/></item>`
const { bytes } = torrentFile('film', [['film.mkv', 5]])

const ARRANGEMENTS: Readonly<Record<string, Arrangement>> = {
  'an addon, its manifest': {
    honest: () => overAddon({}),
    with: (onManifest) => overAddon({ onManifest }),
    repeated: () =>
      overAddon({
        onManifest: json({ ...manifest, resources: Array.from({ length: times }, () => 'stream') }),
      }),
  },
  'an addon, its streams': {
    honest: () => overAddon({}),
    with: (onStreams) => overAddon({ onStreams }),
    repeated: () =>
      overAddon({ onStreams: json({ streams: Array.from({ length: times }, () => addonStream) }) }),
  },
  'an indexer, what it can': {
    honest: () => overTorznab({}),
    with: (onCaps) => overTorznab({ onCaps }),
    repeated: () => overTorznab({ categories: Array.from({ length: times }, () => 2000) }),
  },
  'an indexer, its answers': {
    honest: () => overTorznab({}),
    with: (onSearch) => overTorznab({ onSearch }),
    repeated: () =>
      overTorznab({
        onSearch: (_req, res) => res.end(`<rss><channel>${item.repeat(times)}</channel></rss>`),
      }),
  },
  'an indexer, its torrent files': {
    honest: () => overTorznab({}, { torrent: bytes }),
    with: (onDownload) => overTorznab({ onDownload }, { torrent: bytes }),
    repeated: () =>
      overTorznab({
        torrents: Array.from({ length: 100 }, () => ({ title: 'Film', imdbId: 'tt1', torrent: bytes })),
      }),
  },
  'the library, the names for it': {
    honest: () => overLibrary(json({ meta: { name: 'Film', year: 2010 } })),
    with: overLibrary,
    repeated: () =>
      overLibrary(json({ meta: { name: 'Film', aliases: Array.from({ length: times }, () => 'Film') } })),
  },
  'an indexer, the names for it': {
    honest: () => overMetadata(json({ meta: { name: 'Film' } })),
    with: overMetadata,
    repeated: () =>
      overMetadata(json({ meta: { name: 'Film', aliases: Array.from({ length: times }, () => 'Film') } })),
  },
}

/** The part of a list that comes from a source, beside one that is fast. */
async function list({ source }: Pick<Arranged, 'source'>, timeoutMs = LONG_MS) {
  const quick = {
    kind: 'torrent',
    infoHash: 'b'.repeat(40) as InfoHash,
    file: { kind: 'main' },
    title: 'quick',
    trackers: [],
    bingeKey: 'quick',
  } as const
  using search = createSearch(
    { timeoutMs },
    [source, { name: 'quick', kind: 'local', find: () => Promise.resolve([quick]) }],
    log,
  )
  const began = performance.now()
  const { candidates, report } = await search.find(FILM, new AbortController().signal)
  const tookMs = performance.now() - began
  const own = candidates.filter(({ title }) => title !== 'quick')
  return { own, tookMs, report: report[0], hasQuick: own.length < candidates.length }
}

describe.for(Object.entries(ARRANGEMENTS))('a source (%s)', ([, arrangement]) => {
  test('lists its film when all is well', async () => {
    await using honest = await arrangement.honest()
    expect(await list(honest)).toMatchObject({
      own: [{ title: 'Film' }],
      report: { outcome: 'answered', found: 1 },
    })
  })

  test.for(Object.entries(BAD_ANSWERS))('that %s does not affect other sources', async ([, answer]) => {
    await using bad = await arrangement.with(answer)
    const { hasQuick, own, tookMs, report } = await list(bad, SHORT_MS)
    expect(hasQuick).toBe(true)
    expect(own).toEqual([])
    expect(tookMs).toBeLessThan(SHORT_MS + 5_000)
    expect(['answered', 'failed', 'late']).toContain(report?.outcome)
  })

  test('that redirects to a private host is not followed', async () => {
    await using secret = await startLocalServer((_req, res) => res.end('secret'))
    await using bad = await arrangement.with((_req, res) =>
      res.writeHead(302, { Location: secret.url.replace('127.0.0.1', 'localhost') }).end(),
    )
    expect(await list(bad)).toMatchObject({ hasQuick: true, own: [] })
    expect(secret.asked).toEqual([])
  })

  test('that repeats the same film thousands of times lists it once', async () => {
    await using repeated = await arrangement.repeated()
    expect(await list(repeated)).toMatchObject({
      own: [{ title: 'Film' }],
      report: { outcome: 'answered', found: 1 },
    })
  })

  test('can be aborted while it does not answer', async () => {
    await using bad = await arrangement.with(BAD_ANSWERS['never answers'])
    const left = new AbortController()
    const finding = bad.source.find(FILM, left.signal)
    await expect.poll(() => bad.server?.requests.length).toBeGreaterThan(0)
    left.abort(new Error('left'))
    await expect(finding).rejects.toThrow('left')
  })

  test('rejects at once when aborted before the call', async () => {
    await using honest = await arrangement.honest()
    const left = AbortSignal.abort(new Error('left'))
    await expect(honest.source.find(FILM, left)).rejects.toThrow('left')
  })
})

/** Possible contents of the user's own films file. */
const FILMS_FILES: Readonly<Record<string, (path: string) => unknown>> = {
  'is a pipe without a writer': (path) => execFileSync('mkfifo', [path]),
  'is a folder': (path) => mkdir(path),
  'does not exist': () => undefined,
  'is empty': (path) => writeFile(path, ''),
  'has 10 MB of spaces': (path) => writeFile(path, Buffer.alloc(10 * 1024 * 1024, ' ')),
  'has bytes': (path) => writeFile(path, Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 256))),
  'has other JSON': (path) => writeFile(path, '[null, 5, {"id": []}]'),
}
const FILM_ENTRY = { id: 'tt1', type: 'movie', name: 'Film', infoHash: HASH }

describe("the user's own films", () => {
  test.for(Object.entries(FILMS_FILES))(
    'with a file that %s do not affect other sources',
    async ([, prepare]) => {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'films.json')
      await prepare(file)
      const source = createFilmLibrary({ file }, log)
      expect(await list({ source })).toMatchObject({
        own: [],
        hasQuick: true,
        report: { outcome: 'answered' },
      })
      await source.find(FILM, AbortSignal.abort(new Error('left')))
    },
  )

  test('with thousands of entries of the same film are listed once', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'films.json')
    await writeFile(file, JSON.stringify(Array.from({ length: times }, () => FILM_ENTRY)))
    const source = createFilmLibrary({ file }, log)
    expect(await list({ source })).toMatchObject({ own: [{ title: 'Film' }], report: { found: 1 } })
  })
})
