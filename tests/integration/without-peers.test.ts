import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { openTorrentService } from '../../src/torrents/torrent-service.ts'
import { WithoutPeers } from '../../src/torrents/without-peers.ts'
import { openCacheParts } from '../support/cache-parts.ts'
import { leaveCompleteTorrent, makeTorrent } from '../support/earlier-run.ts'
import { localEngine } from '../support/local-engine.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { recordingLog } from '../support/recording-log.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'
/** ms; no answer after a wait takes less, and a busy machine gives an immediate one in a tenth of it */
const WAIT = 8_000
/** ms; an immediate answer takes a few */
const AT_ONCE = 0.9 * WAIT
const SETTINGS = { TORRENT_TIMEOUT: `${WAIT}`, TORRENT_MAX_RETRIES: '0' }
const PACK = [
  { name: 'Copper.Harbor.S01E01.mkv', bytes: patternBytes(600_000, 'one') },
  { name: 'Copper.Harbor.S01E02.mkv', bytes: patternBytes(500_000, 'two') },
]

/** Answers for one film, in order, and which of them had to wait. */
async function answers(url: string, ...methods: readonly string[]): Promise<string[]> {
  const said: string[] = []
  for (const method of methods) {
    const askedAt = performance.now()
    const { status } = await send(url, { method })
    const tookMs = performance.now() - askedAt
    said.push(`${method} ${status} ${tookMs < AT_ONCE ? 'at once' : 'late'}`)
  }
  return said
}

describe('a film without peers', () => {
  test.concurrent('is waited for once, by HEAD or by GET, for any of its links', async () => {
    await using app = await startTestApp(SETTINGS)
    const links = [
      'a'.repeat(40),
      `${'b'.repeat(40)}/3`,
      `${'c'.repeat(40)}/0/Copper%20Harbor.mp4`,
      `${'d'.repeat(40)}?season=1&episode=2`,
    ]
    const asked = links.map(async (link) => {
      const said = await answers(`${app.url}/stream/proxy/${link}`, 'HEAD', 'GET', 'HEAD', 'GET')
      const again = await answers(`${app.url}/stream/proxy/${link.slice(0, 40)}`, 'GET')
      return [...said, ...again]
    })
    for (const [first, ...later] of await Promise.all(asked)) {
      expect(first).toBe('HEAD 404 late')
      expect(later).toEqual(['GET 404 at once', 'HEAD 404 at once', 'GET 404 at once', 'GET 404 at once'])
    }
  })

  test.concurrent('whose metadata is on disk is answered at once from the metadata, and waited for once', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({ root: folder.path, files: PACK })
    for (const path of left.paths) await rm(path)
    await using app = await startTestApp({ ...SETTINGS, TORRENT_DOWNLOAD_PATH: folder.path })
    const url = `${app.url}/stream/proxy/${left.infoHash}/1`
    expect(await answers(url, 'HEAD', 'GET', 'HEAD', 'GET')).toEqual([
      'HEAD 200 at once',
      'GET 404 late',
      'HEAD 200 at once',
      'GET 404 at once',
    ])
    const head = await send(url, { method: 'HEAD' })
    expect(head.headers).toMatchObject({ 'content-length': '500000', etag: `"${left.infoHash}-1"` })
  })

  test.concurrent('that is partly on disk is served from there', async () => {
    await using folder = await temporaryFolder()
    const [film] = PACK as [(typeof PACK)[0]]
    const left = await leaveCompleteTorrent({ root: folder.path, files: [film] })
    // The second piece of three is damaged, and the file has changed since it was complete.
    const damaged = Buffer.from(film.bytes)
    damaged.fill(0, 262_144, 524_288)
    await writeFile(left.paths[0] ?? '', damaged)
    await using app = await startTestApp({ ...SETTINGS, TORRENT_DOWNLOAD_PATH: folder.path })
    const url = `${app.url}/stream/proxy/${left.infoHash}`
    const missing = { headers: { Range: 'bytes=300000-300009' } }
    expect((await send(url, missing)).status).toBe(404)
    const there = await send(url, { headers: { Range: 'bytes=7-16' } })
    expect([there.status, there.body]).toEqual([206, film.bytes.subarray(7, 17)])
    const askedAt = performance.now()
    expect((await send(url, missing)).status).toBe(404)
    expect(performance.now() - askedAt).toBeLessThan(AT_ONCE)
  })
})

test.concurrent('HEAD answers at once what the list knew, and the list then marks the film and puts it last', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'films.json')
  const film = { id: 'selfstreme:harbor', type: 'movie', name: 'Copper Harbor' }
  const show = { id: 'selfstreme:show', type: 'series', name: 'Show', season: 1, episode: 2 }
  const films = [
    { ...film, infoHash: 'a'.repeat(40), fileName: 'Harbor.2160p.mp4', sizeBytes: 9_000, quality: '2160p' },
    { ...film, infoHash: 'b'.repeat(40), fileIdx: 4, fileName: 'Harbor.mkv', sizeBytes: 8_000 },
    { ...film, infoHash: 'c'.repeat(40), quality: '480p' },
    { ...show, infoHash: 'd'.repeat(40), fileIdx: 0, fileName: 'Show S01E02.webm', sizeBytes: 7_000 },
  ]
  await writeFile(file, JSON.stringify(films))
  await using app = await startTestApp({ ...SETTINGS, FILMS_FILE: file })
  const list = async (path: string) => {
    const answer = await send(`${app.url}/stream/${path}.json`, { headers: { 'User-Agent': IPHONE } })
    const { streams } = answer.json as { streams: { url: string; description: string }[] }
    return { streams, maxAge: answer.headers['cache-control'] }
  }
  const { streams, maxAge } = await list('movie/selfstreme:harbor')
  expect(maxAge).toBe('private, max-age=300')
  const [episode] = (await list('series/selfstreme:show:1:2')).streams
  const known = [...streams, episode].filter((each) => !each?.url.includes('c'.repeat(40)))
  const heads = await Promise.all(known.map((each) => send(each?.url ?? '', { method: 'HEAD' })))
  expect(
    heads.map(({ status, headers }) => [status, headers['content-length'], headers['content-type']]),
  ).toEqual(
    expect.arrayContaining([
      [200, '9000', 'video/mp4'],
      [200, '8000', 'video/x-matroska'],
      [200, '7000', 'video/webm'],
    ]),
  )

  const [first] = streams
  expect(first?.url).toContain('a'.repeat(40))
  expect(await answers(first?.url ?? '', 'HEAD', 'GET', 'HEAD')).toEqual([
    'HEAD 200 at once',
    'GET 404 late',
    'HEAD 200 at once',
  ])
  const later = await list('movie/selfstreme:harbor')
  expect(later.maxAge).toBe('private, max-age=15')
  expect(later.streams.map(({ url }) => /([a-f])\1{39}/.exec(url)?.[1])).toEqual(['c', 'b', 'a'])
  expect(later.streams.map(({ description }) => description.includes('⚠ no peers just now'))).toEqual([
    false,
    false,
    true,
  ])
})

test('a film no longer counts as without peers once any request finds a peer', async () => {
  await using folder = await temporaryFolder()
  const { metainfo, infoHash, pieces } = makeTorrent(PACK.slice(0, 1))
  await using parts = await openCacheParts(folder.path)
  await using engine = localEngine({ metainfo, pieces })
  const withoutPeers = new WithoutPeers()
  await using torrents = openTorrentService(
    {
      root: folder.path,
      extraPaths: [],
      trackers: [],
      maxTorrents: 5,
      peerSearchMs: 60_000,
      firstPieceMs: 60_000,
      maxRetries: 0,
      stallTimeoutMs: 1_000,
      seed: false,
    },
    { engine, index: parts.index, room: new DiskRoom(), withoutPeers },
    recordingLog().log,
  )
  const hash = infoHash as InfoHash
  const open = (signal: AbortSignal, trackers: readonly string[] = []) =>
    torrents.getStream(infoHash, { signal, named: { trackers, client: 'a' } })
  const { signal } = new AbortController()

  const left = new AbortController()
  const leaving = open(left.signal)
  left.abort()
  await expect(leaving).rejects.toMatchObject({ name: 'AbortError' })
  expect(withoutPeers.sinceMs(hash), 'a viewer who leaves has no result').toBeUndefined()

  await expect(open(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(open(signal)).rejects.toMatchObject({ code: 'media.no_peers' })
  expect(withoutPeers.sinceMs(hash)).toBeGreaterThanOrEqual(0)
  const other = ['udp://tracker.example.org:1']
  await expect(open(AbortSignal.timeout(50), other), 'with a new tracker').rejects.toMatchObject({
    name: 'TimeoutError',
  })
  await expect(open(signal, other)).rejects.toMatchObject({ code: 'media.no_peers' })

  engine.arePeersThere = true
  await expect.poll(() => withoutPeers.sinceMs(hash)).toBeUndefined()
  await using stream = await open(signal)
  await stream.whenStartable(0, signal)
  expect(stream.size).toBe(600_000)
})
