import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { VideoId } from '../../src/domain/video-id.ts'
import { createMetadata, type Metadata } from '../../src/sources/metadata.ts'
import type { DroppedRow } from '../../src/sources/source.ts'
import { createTorrentLinks } from '../../src/sources/torrent-links.ts'
import { createTorznab } from '../../src/sources/torznab.ts'
import { BroughtFiles } from '../../src/torrents/brought-files.ts'
import { BAD_ANSWERS } from '../support/bad-answers.ts'
import { torrentFile } from '../support/indexed-torrent.ts'
import { startLocalServer } from '../support/local-server.ts'
import { makeTorrent } from '../support/private-torrent.ts'
import { recordingLog } from '../support/recording-log.ts'
import { openRemoteServer } from '../support/remote-server.ts'
import { startTorznabServer, type TorznabServerOptions } from '../support/torznab-server.ts'

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string]
const FILM: VideoId = { kind: 'movie', id: 'tt0000001' }
const EPISODE: VideoId = { kind: 'episode', id: 'tt5', season: 1, episode: 2 }
const { signal } = new AbortController()

/** An indexer, and the source that searches it. */
async function startPair(options: TorznabServerOptions, more: { apiKey?: string; metadata?: Metadata } = {}) {
  await using starting = new AsyncDisposableStack()
  const indexer = starting.use(await startTorznabServer(options))
  const server = starting.use(openRemoteServer({ trusted: [indexer.api] }))
  const { log, events } = recordingLog()
  const { apiKey, metadata } = more
  const links = createTorrentLinks(server, new BroughtFiles(), log)
  const source = createTorznab({ name: 'indexer', url: indexer.api, apiKey }, server, links, metadata)
  const parts = starting.move()
  return { indexer, source, events, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

const TITLES: Metadata = {
  find: ({ kind }) =>
    Promise.resolve({
      name: kind === 'movie' ? 'The Wild Sea' : 'The Show',
      year: 1968,
      aliases: [],
      episodes: new Map(),
    }),
}

test('a film is found by its id, with all that the indexer knows of it', async () => {
  const magnet = `magnet:?xt=urn:btih:${B}&tr=udp%3A%2F%2Fa.example.org%3A1&tr=http%3A%2F%2F127.0.0.1%2Fx`
  await using pair = await startPair({
    torrents: [
      {
        title: 'The.Wild.Sea.1968.1080p',
        imdbId: 'tt0000001',
        infoHash: A.toUpperCase(),
        size: 5e9,
        seeders: 12,
      },
      { title: 'The Wild Sea & More', imdbId: 'tt0000001', magnet, size: 7e9, seeders: 0 },
      { title: 'Another', imdbId: 'tt0000002', infoHash: C },
    ],
  })
  expect(await pair.source.find(FILM, signal)).toEqual([
    {
      kind: 'torrent',
      infoHash: A,
      file: { kind: 'main' },
      title: 'The.Wild.Sea.1968.1080p',
      releaseName: 'The.Wild.Sea.1968.1080p',
      trackers: [],
      size: { bytes: 5e9, of: 'torrent', exact: true },
      seeders: 12,
    },
    {
      kind: 'torrent',
      infoHash: B,
      file: { kind: 'main' },
      title: 'The Wild Sea & More',
      releaseName: 'The Wild Sea & More',
      trackers: ['udp://a.example.org:1'],
      size: { bytes: 7e9, of: 'torrent', exact: true },
      seeders: 0,
    },
  ])
  expect(pair.indexer.searches()).toEqual([{ t: 'movie', imdbid: '0000001', cat: '2000' }])
})

test('an episode is found by itself and in packs of its season, with the episode to choose', async () => {
  const imdbId = 'tt5'
  await using pair = await startPair({
    torrents: [
      { title: 'The.Show.S01E02.720p', imdbId, infoHash: A },
      { title: 'The.Show.S01.1080p', imdbId, infoHash: B },
      { title: 'The.Show.S01E03.720p', imdbId, infoHash: C },
    ],
  })
  const found = await pair.source.find(EPISODE, signal)
  expect(found).toMatchObject([
    { infoHash: A, file: { kind: 'episode', season: 1, episode: 2 } },
    { infoHash: A },
    { infoHash: B, file: { kind: 'episode', season: 1, episode: 2 } },
  ])
})

test('an indexer that cannot search by id is searched by name, and other titles are left out', async () => {
  await using pair = await startPair(
    {
      movieSearch: undefined,
      torrents: [
        { title: 'The.Wild.Sea.1968.1080p', infoHash: A },
        { title: 'Making.of.The.Wild.Sea.1968', infoHash: B },
      ],
    },
    { metadata: TITLES },
  )
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ infoHash: A }])
  expect(pair.indexer.searches()).toEqual([{ t: 'search', q: 'The Wild Sea 1968', cat: '2000' }])
})

test('an indexer that finds nothing by id is searched by name too', async () => {
  await using pair = await startPair(
    {
      torrents: [
        { title: 'The.Show.S01E02.720p', infoHash: A },
        { title: 'The.Show.S01', infoHash: B },
      ],
    },
    { metadata: TITLES },
  )
  expect(await pair.source.find(EPISODE, signal)).toMatchObject([
    { infoHash: A },
    { infoHash: A },
    { infoHash: B },
  ])
  expect(pair.indexer.searches().map(({ q, ep }) => [q, ep])).toEqual([
    [undefined, '2'],
    [undefined, undefined],
    ['The Show', '2'],
    ['The Show', undefined],
  ])
})

test('an indexer that finds only other episodes by id is searched by name too', async () => {
  await using pair = await startPair(
    {
      onSearch: (req, res) => {
        const byName = req.url?.includes('q=')
        res.end(feed([row(byName ? 'Die Schau S01E02' : 'The.Show.S03E05.720p', byName ? A : B)]))
      },
    },
    { metadata: { find: async () => ({ name: 'The Show', aliases: ['Die Schau'], episodes: new Map() }) } },
  )
  const dropped: DroppedRow[] = []
  const drop = (each: DroppedRow) => dropped.push(each)
  expect(await pair.source.find(EPISODE, signal, { onlyKnown: false, drop })).toMatchObject([
    { infoHash: A },
    { infoHash: A },
  ])
  expect(dropped[0]).toEqual({ name: 'The.Show.S03E05.720p', why: 'of season 3' })
})

test.for([
  ['imdbid', 'tt0000099', 'it states the id tt0000099'],
  ['tmdbid', '77', 'it states the id tmdb:77'],
  ['tvdbid', '78', 'it states the id tvdb:78'],
] as const)('a row with another %s is dropped, whatever its name is', async ([name, value, why]) => {
  const attribute = `<torznab:attr name="${name}" value="${value}"/>`
  const rows = [row('The.Wild.Sea.1968.720p', B, attribute), row('The.Wild.Sea.1968.1080p', A)]
  await using pair = await startPair(
    { onSearch: (_req, res) => res.end(feed(rows)) },
    { metadata: { find: async () => ({ ...WILD_SEA, ids: { tmdb: '5', tvdb: '6' } }) } },
  )
  const dropped: DroppedRow[] = []
  const drop = (each: DroppedRow) => dropped.push(each)
  expect(await pair.source.find(FILM, signal, { onlyKnown: false, drop })).toMatchObject([{ infoHash: A }])
  expect(dropped).toEqual([{ name: 'The.Wild.Sea.1968.720p', why }])
})

const WILD_SEA = { name: 'The Wild Sea', year: 1968, aliases: [], episodes: new Map<string, string>() }

test("when no row of a search by id has the film's name, rows are judged by their names", async () => {
  const strangers = ['Newest.Film.2024.1080p', 'Other.Film.2023', 'Third.Film'].map((name) => row(name, B))
  await using pair = await startPair(
    {
      onSearch: (req, res) =>
        res.end(feed(req.url?.includes('q=') ? [row('The.Wild.Sea.1968', A)] : strangers)),
    },
    { metadata: { find: async () => WILD_SEA } },
  )
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ infoHash: A }])
})

test("when one row of a search by id has the film's name, rows in other languages are kept", async () => {
  const rows = [row('The.Wild.Sea.1968.1080p', A), row('Wildes.Meer.1968.German', B)]
  await using pair = await startPair(
    { onSearch: (_req, res) => res.end(feed(rows)) },
    { metadata: { find: async () => WILD_SEA } },
  )
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ infoHash: A }, { infoHash: B }])
})

test('a name with accents is searched without them, and then as it is written', async () => {
  await using pair = await startPair(
    {
      movieSearch: undefined,
      onSearch: (req, res) => {
        const q = new URL(req.url ?? '', 'http://localhost').searchParams.get('q') ?? ''
        res.end(feed(q.startsWith('Les Égarés') ? [row('Les.Égarés.2012', A)] : []))
      },
    },
    { metadata: { find: async () => ({ ...WILD_SEA, name: 'Les Égarés', year: 2012 }) } },
  )
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ infoHash: A }])
  expect(pair.indexer.searches().map(({ q }) => q)).toEqual(['Les Egares 2012', 'Les Égarés 2012'])
})

test('a feed is decoded in the encoding that it declares', async () => {
  const windows1251 = Buffer.from([0xcc, 0xee, 0xf0, 0xe5]) // Море
  const [before = '', behind = ''] = feed([row('@@ / The Wild Sea 1968', A)]).split('@@')
  const body = Buffer.concat([
    Buffer.from(`<?xml version="1.0" encoding="windows-1251"?>${before}`),
    windows1251,
    Buffer.from(behind),
  ])
  await using pair = await startPair({ onSearch: (_req, res) => res.end(body) })
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ title: 'Море / The Wild Sea 1968' }])
})

function feed(rows: readonly string[]): string {
  const xmlns = 'xmlns:torznab="http://torznab.com/schemas/2015/feed"'
  return `<rss version="2.0" ${xmlns}><channel>${rows.join('')}</channel></rss>`
}

function row(title: string, infoHash: string, attributes = ''): string {
  return `<item><title>${title}</title><torznab:attr name="infohash" value="${infoHash}"/>${attributes}</item>`
}

test('without titles, an indexer that cannot search by id finds nothing', async () => {
  await using pair = await startPair({ movieSearch: 'q' })
  expect(await pair.source.find(FILM, signal)).toEqual([])
  expect(pair.indexer.searches()).toEqual([])
})

test('every request has the API key, and capabilities are requested once', async () => {
  await using pair = await startPair({ apiKey: 's3cret' }, { apiKey: 's3cret' })
  await pair.source.find(FILM, signal)
  await pair.source.find(EPISODE, signal)
  const asked = pair.indexer.asked.map((path) => new URL(path, pair.indexer.url).searchParams)
  expect(asked.map((query) => query.get('apikey'))).toEqual(['s3cret', 's3cret', 's3cret', 's3cret'])
  expect(asked.map((query) => query.get('t'))).toEqual(['caps', 'movie', 'tvsearch', 'tvsearch'])
})

test('a wrong API key is reported in the words of the indexer', async () => {
  await using pair = await startPair({ apiKey: 's3cret' }, { apiKey: 'wrong' })
  await expect(pair.source.find(FILM, signal)).rejects.toThrow(
    'the indexer reports: Incorrect user credentials (100)',
  )
})

test('a linked torrent file is read for its hash, trackers and files', async () => {
  const trackers = ['http://tracker.example.org/announce', 'udp://tracker.example.org:1']
  const pack = torrentFile(
    'The.Show.S01',
    [
      ['e01.mkv', 5],
      ['e02.mkv', 6],
    ],
    trackers,
  )
  await using pair = await startPair({
    torrents: [{ title: 'The.Show.S01', imdbId: 'tt5', torrent: pack.bytes, size: 11 }],
  })
  expect(await pair.source.find(EPISODE, signal)).toMatchObject([
    {
      infoHash: pack.infoHash,
      trackers,
      size: { bytes: 11, of: 'torrent', exact: true },
      files: [
        { path: 'e01.mkv', length: 5 },
        { path: 'e02.mkv', length: 6 },
      ],
    },
  ])
})

test('a link may redirect to a magnet link', async () => {
  const redirect = `magnet:?xt=urn:btih:${A}&tr=udp%3A%2F%2Fa.example.org%3A1`
  await using pair = await startPair({ torrents: [{ title: 'Film', imdbId: 'tt0000001', redirect }] })
  expect(await pair.source.find(FILM, signal)).toMatchObject([
    { infoHash: A, trackers: ['udp://a.example.org:1'] },
  ])
})

test('a dozen links are followed at a time, the ones with most seeders first, and each once', async () => {
  const files = Array.from({ length: 20 }, (_, at) => torrentFile(`film ${at}`, [['film.mkv', at + 1]]))
  await using pair = await startPair({
    torrents: files.map(({ bytes }, at) => ({
      title: `Film ${at}`,
      imdbId: 'tt0000001',
      torrent: bytes,
      seeders: at,
    })),
  })
  const hashes = async () =>
    (await pair.source.find(FILM, signal)).map((each) => 'infoHash' in each && each.infoHash)
  const all = files.map(({ infoHash }) => infoHash)
  const downloads = () => pair.indexer.asked.filter((path) => path.startsWith('/download/'))
  expect(await hashes()).toEqual(all.slice(8))
  expect(downloads()).toHaveLength(12)
  expect(await hashes()).toEqual(all)
  expect(await hashes()).toEqual(all)
  expect(downloads()).toHaveLength(20)
})

test('links that lead nowhere do not delay others', async () => {
  const { bytes, infoHash } = torrentFile('film', [['film.mkv', 5]])
  const broken = Array.from({ length: 12 }, () => ({ title: 'Bad', torrent: Buffer.from('no'), seeders: 9 }))
  const torrents = [...broken, { title: 'Good', torrent: bytes, seeders: 1 }]
  await using pair = await startPair({ torrents: torrents.map((each) => ({ ...each, imdbId: 'tt0000001' })) })
  expect(await pair.source.find(FILM, signal)).toEqual([])
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ infoHash }])
})

test.for([
  ['is missing', {}],
  ['is not a torrent file', { torrent: Buffer.from('<html>') }],
  ['leads to a private host', { link: 'http://127.0.0.1:9/film.torrent' }],
  ['leads to a file', { link: 'file:///etc/passwd' }],
] as const)('an item whose link %s is left out, and the others stay', async ([, torrent]) => {
  const imdbId = 'tt0000001'
  await using pair = await startPair({
    torrents: [
      { title: 'Bad', imdbId, ...torrent },
      { title: 'Good', imdbId, infoHash: A },
    ],
  })
  expect(await pair.source.find(FILM, signal)).toMatchObject([{ title: 'Good' }])
})

test('an item whose torrent file has unsorted keys has the info hash of its bytes', async () => {
  const imdbId = 'tt0000001'
  const info = 'd6:pieces20:aaaaaaaaaaaaaaaaaaaa4:name5:a.mkv12:piece lengthi16384e6:lengthi5ee'
  await using pair = await startPair({
    torrents: [{ title: 'Film 2020 1080p', imdbId, torrent: Buffer.from(`d4:info${info}e`) }],
  })
  expect(await pair.source.find(FILM, signal)).toMatchObject([
    { title: 'Film 2020 1080p', infoHash: createHash('sha1').update(info).digest('hex') },
  ])
})

test.for(Object.entries(BAD_ANSWERS))(
  'items whose downloads each %s are left out',
  async ([, onDownload]) => {
    const imdbId = 'tt0000001'
    const { bytes } = torrentFile('film', [['film.mkv', 5]])
    await using pair = await startPair({
      onDownload,
      torrents: [
        { title: 'Bad', imdbId, torrent: bytes },
        { title: 'Good', imdbId, infoHash: A },
      ],
    })
    expect(await pair.source.find(FILM, AbortSignal.timeout(6_000))).toMatchObject([{ title: 'Good' }])
  },
)

test('when one of two searches fails, results of the other are kept', async () => {
  const { url: _, ...options } = {
    url: '',
    torrents: [{ title: 'The.Show.S01', imdbId: 'tt5', infoHash: A }],
  }
  await using pair = await startPair({ ...options, tvSearch: 'q,season,ep,imdbid' })
  await using broken = await startLocalServer((req, res) => {
    if (req.url?.includes('ep=')) return void res.writeHead(500).end()
    res.writeHead(307, { Location: `${pair.indexer.url}${req.url}` }).end()
  })
  await using out = openRemoteServer({ trusted: [broken.url, pair.indexer.url] })
  const { log } = recordingLog()
  const source = createTorznab(
    { name: 'x', url: `${broken.url}/1/api` },
    out,
    createTorrentLinks(out, new BroughtFiles(), log),
    undefined,
  )
  expect(await source.find(EPISODE, signal)).toMatchObject([{ infoHash: A }])
})

test("indexers are not searched for the user's own films", async () => {
  await using pair = await startPair({})
  expect(await pair.source.find({ kind: 'movie', id: 'selfstreme:holidays' }, signal)).toEqual([])
  expect(pair.indexer.asked).toEqual([])
})

const META = {
  name: 'The Show',
  year: '1968–1970',
  aliases: ['Die Schau', 5, ''],
  moviedb_id: 550,
  tvdb_id: 'none',
  videos: [
    { season: 1, episode: 2, title: 'The Second' },
    { season: 1, number: 3, name: 'The Third' },
    { season: 1, episode: 4 },
    { season: 1 },
    null,
  ],
}

test('titles are found by id, and cached', async () => {
  await using server = await startLocalServer((_req, res) => res.end(JSON.stringify({ meta: META })))
  await using out = openRemoteServer({ trusted: [server.url] })
  const metadata = createMetadata({ url: `${server.url}/x` }, out)
  const title = await metadata.find(EPISODE, signal)
  expect(title).toEqual({
    name: 'The Show',
    year: 1968,
    aliases: ['Die Schau'],
    episodes: new Map([
      ['1:2', 'The Second'],
      ['1:3', 'The Third'],
      ['1:4', ''],
    ]),
    ids: { tmdb: '550' },
  })
  await metadata.find({ ...EPISODE, episode: 3 }, signal)
  await metadata.find(FILM, signal)
  await metadata.find({ kind: 'movie', id: 'selfstreme:x' }, signal)
  expect(server.asked).toEqual(['/x/meta/series/tt5.json', '/x/meta/movie/tt0000001.json'])
})

test.for([
  [404, '{"err":"not found"}'],
  [200, '{"meta":null}'],
  [200, '{"meta":{}}'],
  [200, '{"meta":{"id":"tt5","type":"series"}}'],
] as const)('with %i "%s", a title is unknown', async ([status, body]) => {
  await using server = await startLocalServer((_req, res) => res.writeHead(status).end(body))
  await using out = openRemoteServer({ trusted: [server.url] })
  expect(await createMetadata({ url: server.url }, out).find(EPISODE, signal)).toBeUndefined()
})

test('torrent files of private torrents are stored up to a limit, and downloaded again after that', async () => {
  const names = ['The.Wild.Sea.1968.720p', 'The.Wild.Sea.1968.1080p', 'The.Wild.Sea.1968.2160p']
  const made = names.map((name) =>
    makeTorrent(name, { private: 1 }, ['https://t.example.org/announce?passkey=1']),
  )
  const open = makeTorrent('The.Wild.Sea.1968.480p', {})
  await using indexer = await startTorznabServer({
    torrents: [...made, open].map(({ file }, index) => ({
      title: names[index] ?? 'The.Wild.Sea.1968.480p',
      imdbId: 'tt0000001',
      torrent: file,
    })),
  })
  await using server = openRemoteServer({ trusted: [indexer.api] })
  const { log } = recordingLog()
  const kept = new Map<string, { readonly metainfo: Uint8Array; readonly trackers: readonly string[] }>()
  const links = createTorrentLinks(
    server,
    { put: (hash, file) => kept.set(hash, file), has: (hash) => kept.has(hash) },
    log,
  )
  const source = createTorznab({ name: 'indexer', url: indexer.api }, server, links, TITLES)
  const hashes = [...made, open].map(({ infoHash }) => infoHash).toSorted()
  const found = async () =>
    (await source.find(FILM, signal)).map((each) => 'infoHash' in each && each.infoHash)
  const downloads = () => indexer.asked.filter((path) => path.startsWith('/download/')).length

  expect((await found()).toSorted()).toEqual(hashes)
  expect([...kept.keys()].toSorted()).toEqual(made.map(({ infoHash }) => infoHash).toSorted())
  for (const { infoHash, info } of made) {
    const { metainfo, trackers } = kept.get(infoHash) ?? {}
    expect(trackers).toEqual(['https://t.example.org/announce?passkey=1'])
    expect(Buffer.from(metainfo ?? '')).toEqual(
      Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]),
    )
  }
  expect(downloads()).toBe(4)
  await found()
  expect(downloads()).toBe(4)
  const [{ infoHash } = open] = made
  kept.delete(infoHash)
  expect((await found()).toSorted()).toEqual(hashes)
  expect(downloads()).toBe(5)
  expect(kept.has(infoHash)).toBe(true)
})
