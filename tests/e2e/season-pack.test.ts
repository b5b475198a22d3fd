import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { videoHash } from '../../src/storage/video-hash.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'
/** The requested episode is neither the first nor the largest. */
const FILES = {
  'Show.S01.nfo': Buffer.from('about the season'),
  'Show.S01E01.1080p.WEB.h264-GRP.mkv': patternBytes(3 * MIB, 'one'),
  'Show.S01E02.1080p.WEB.h264-GRP.mkv': patternBytes(2 * MIB + 77, 'two'),
  'Show.S01E02.1080p.WEB.h264-GRP.nfo': Buffer.from('about the second'),
  'Show.S01E03.1080p.WEB.h264-GRP.mkv': patternBytes(4 * MIB, 'three'),
}
const SECOND = 'Show.S01E02.1080p.WEB.h264-GRP.mkv'
const resources = new AsyncDisposableStack()
let swarm: Swarm
let fileIdx: number
/** the name of the pack, with no file known to the list */
const PACK_FILE = 'Show.S01.1080p.WEB.h264-GRP.mkv'
let folder: string

interface Stream {
  readonly url: string
  readonly description: string
  readonly behaviorHints: Readonly<Record<string, unknown>>
}

beforeAll(async () => {
  if (!hasSeeder) return
  folder = join(resources.use(await temporaryFolder()).path, 'Show.S01.1080p.WEB.h264-GRP')
  await mkdir(folder)
  for (const [name, bytes] of Object.entries(FILES)) await writeFile(join(folder, name), bytes)
  swarm = resources.use(await startSwarm({ path: folder, pieceLength: 64 * 1024 }))
  fileIdx = parseMetainfo(swarm.metainfo).files.findIndex(({ name }) => name === SECOND)
})
afterAll(() => resources.disposeAsync())

const swarmTest = test.skipIf(!hasSeeder)

swarmTest(
  'an iPhone plays the requested episode of a season pack whose file another addon names',
  async () => {
    await using addon = await startPackAddon({ fileIdx })
    await using app = await startTestApp({ ...swarm.settings, UPSTREAM_ADDONS: addon.manifestUrl })
    const stream = await onlyStream(app)
    expect(new URL(stream.url).pathname).toBe(`/stream/proxy/${swarm.infoHash}/${fileIdx}/${PACK_FILE}`)
    await expectSecond(stream.url)
  },
)

swarmTest(
  'the episode of a season pack whose file no source names is chosen when the metadata arrives',
  async () => {
    await using addon = await startPackAddon({})
    await using app = await startTestApp({ ...swarm.settings, UPSTREAM_ADDONS: addon.manifestUrl })
    const stream = await onlyStream(app)
    expect(new URL(stream.url).pathname).toBe(`/stream/proxy/${swarm.infoHash}/s1e2/${PACK_FILE}`)
    await expectSecond(stream.url)

    // From then on the list knows the file too, and that it is there.
    await expect.poll(async () => (await onlyStream(app)).description).toContain('⚡ on disk')
    const known = await onlyStream(app)
    expect(new URL(known.url).pathname).toBe(`/stream/proxy/${swarm.infoHash}/${fileIdx}/${SECOND}`)
    expect(known.behaviorHints).toMatchObject({
      filename: SECOND,
      videoSize: FILES[SECOND].length,
      videoHash: await videoHash(join(folder, SECOND), FILES[SECOND].length),
      bingeGroup: stream.behaviorHints.bingeGroup,
    })
    await expectSecond(known.url)
  },
)

swarmTest('an episode that a season pack does not have is not played, and the answer says why', async () => {
  await using app = await startTestApp(swarm.settings)
  for (const path of ['?season=1&episode=4', '/s1e4/Show.mkv', '/s1e4/Show.mkv?tr']) {
    const answer = await fetch(`${app.url}/stream/proxy/${swarm.infoHash}${path}`)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ reason: 'none of 3 videos is S01E04' })
  }
})

swarmTest(
  'a link to a season pack that a player cuts plays the same episode, and one of an earlier version none',
  async () => {
    await using app = await startTestApp(swarm.settings)
    const url = `${app.url}/stream/proxy/${swarm.infoHash}`
    for (const query of ['?tr', '?tr=udp%3A%2F%2F127.0.0.1%3A1']) {
      const answer = await fetch(url + query, { method: 'HEAD' })
      expect([answer.status, (await fetch(url + query)).status]).toEqual([404, 404])
    }
    for (const path of [`/${fileIdx}/x.mkv?tr`, '/s1e2/x.mkv?tr', '/e2/x.mkv?private', '?season=1&episode=2'])
      await expectSecond(url + path)
  },
)

swarmTest(
  'the list shows how much of a film is on disk, and its hash, when head and tail are there',
  async () => {
    await using slow = await startSwarm({ path: folder, pieceLength: 64 * 1024, uploadLimit: MIB })
    await using addon = await startPackAddon({ fileIdx })
    await using app = await startTestApp({ ...slow.settings, UPSTREAM_ADDONS: addon.manifestUrl })
    const { url } = await onlyStream(app)
    const { length } = FILES[SECOND]
    for (const range of ['bytes=0-65535', `bytes=${length - 65_536}-`])
      await (await fetch(url, { headers: { Range: range } })).arrayBuffer()
    await expect
      .poll(async () => (await onlyStream(app)).behaviorHints.videoHash)
      .toBe(await videoHash(join(folder, SECOND), length))
    expect((await onlyStream(app)).description).toMatch(/⬇ \d+ %|⚡ on disk/)
  },
)

/** Another addon that has the season, with the given details. */
function startPackAddon(more: object) {
  const stream = { title: 'Show.S01.1080p.WEB.h264-GRP\n👤 1', infoHash: swarm.infoHash, ...more }
  return startOtherAddon({ streams: { 'series/tt7:1:2': [stream] } })
}

async function onlyStream(app: TestApp): Promise<Stream> {
  const answer = await fetch(`${app.url}/stream/series/tt7:1:2.json`, { headers: { 'User-Agent': IPHONE } })
  const { streams } = (await answer.json()) as { streams: Stream[] }
  expect(streams).toHaveLength(1)
  return streams[0] as Stream
}

async function expectSecond(url: string): Promise<void> {
  const answer = await fetch(url)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('etag')).toBe(`"${swarm.infoHash}-${fileIdx}"`)
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(FILES[SECOND]))
}
