import bencode from 'bencode'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AS_OWNER } from '../support/owner.ts'
import { makeTorrent } from '../support/private-torrent.ts'
import { startRecordingTracker } from '../support/recording-tracker.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { startTorznabServer } from '../support/torznab-server.ts'

const PASSKEY = '0f3c5a7e91b2d4860f3c5a7e91b2d486'
const ID = 'tt0000123'
const OPEN = makeTorrent('Copper.Harbor.2023.480p', {}, ['udp://open.example.org:1337'])

let resources: AsyncDisposableStack
let shared: Awaited<ReturnType<typeof startRecordingTracker>>
let own: Awaited<ReturnType<typeof startRecordingTracker>>
let settings: Record<string, string>
let torrents: ReturnType<typeof makeTorrent>[]

beforeAll(async () => {
  await using opening = new AsyncDisposableStack()
  shared = opening.use(await startRecordingTracker())
  own = opening.use(await startRecordingTracker())
  torrents = [
    makeTorrent('Copper.Harbor.2023.720p', { private: 1 }, [`${own.url}?passkey=${PASSKEY}`]),
    makeTorrent('Copper.Harbor.2023.1080p', { private: 1, source: 'SITE' }, [`${own.url}?key=${PASSKEY}`]),
    makeTorrent('Copper.Harbor.2023.2160p', { private: '1' }, [
      `${own.url}?passkey=${PASSKEY}`,
      `https://second.example.org/${PASSKEY}/announce`,
    ]),
  ]
  const indexer = opening.use(
    await startTorznabServer({
      torrents: [...torrents, OPEN].map(({ info, file }) => {
        const { name } = bencode.decode(info) as { name: Uint8Array }
        return { title: Buffer.from(name).toString().replace('.mkv', ''), imdbId: ID, torrent: file }
      }),
    }),
  )
  settings = {
    TORZNAB_URL: indexer.api,
    TORRENT_TRACKERS: `${shared.url},${own.url}`,
    TORRENT_TIMEOUT: '30000',
  }
  resources = opening.move()
})
afterAll(() => resources.disposeAsync())

interface Stream {
  readonly infoHash?: string
  readonly url?: string
  readonly sources?: readonly string[]
}

async function listOf({ url }: TestApp, mode: string): Promise<Stream[]> {
  const answer = await fetch(`${url}/${mode}/stream/movie/${ID}.json`)
  return ((await answer.json()) as { streams: Stream[] }).streams
}

test.for(['magnet', 'both', 'proxy', 'auto'])(
  'in a list for "%s", a private torrent is a link to us, without its trackers and their keys',
  async (mode) => {
    await using app = await startTestApp(settings)
    const streams = await listOf(app, mode)
    expect(JSON.stringify(streams)).not.toContain(PASSKEY)
    expect(JSON.stringify(streams)).not.toContain('second.example.org')
    for (const { infoHash } of torrents) {
      const [stream, ...others] = streams.filter((each) => JSON.stringify(each).includes(infoHash))
      expect(others).toEqual([])
      expect(stream?.url).toContain(`/stream/proxy/${infoHash}/0/`)
      expect(stream).not.toHaveProperty('infoHash')
      expect(stream).not.toHaveProperty('sources')
    }
    if (mode !== 'magnet') return
    const [open] = streams.filter(({ infoHash }) => infoHash === OPEN.infoHash)
    expect(open?.sources).toEqual(
      expect.arrayContaining(['tracker:udp://open.example.org:1337', `dht:${OPEN.infoHash}`]),
    )
    const explained = await fetch(`${app.url}/api/explain/stream/movie/${ID}`, { headers: AS_OWNER })
    const text = await explained.text()
    expect(text).toContain(torrents[0]?.infoHash)
    expect(text).not.toContain(PASSKEY)
  },
)

test('a private torrent from a list is announced to the trackers of its file only, also later from disk', async () => {
  await using folder = await temporaryFolder()
  const here = { ...settings, TORRENT_DOWNLOAD_PATH: folder.path }
  let links: string[] = []
  await (async () => {
    await using app = await startTestApp(here)
    links = linksIn(await listOf(app, 'proxy'))
    expect(links).toHaveLength(torrents.length)
    await expectOwnAloneAsked(app, links)
  })()
  // No list is made after the restart.
  await using app = await startTestApp({ ...here, TORZNAB_URL: '' })
  const local = links.map((link) => link.replace(/^http:\/\/[^/]*/, app.url))
  await expectOwnAloneAsked(app, local)
})

test('a link to a private torrent that is no longer known contacts no tracker and no peer', async () => {
  let links: string[] = []
  await (async () => {
    await using app = await startTestApp(settings)
    links = linksIn(await listOf(app, 'proxy'))
  })()
  shared.asked.length = 0
  await using app = await startTestApp(settings)
  for (const link of links) {
    expect((await fetch(link.replace(/^http:\/\/[^/]*/, app.url))).status).toBe(404)
  }
  await expectOpenAloneAsked(app)
})

function linksIn(streams: readonly Stream[]): string[] {
  return torrents.flatMap(({ infoHash }) => streams.find(({ url }) => url?.includes(infoHash))?.url ?? [])
}

async function expectOwnAloneAsked(app: TestApp, links: readonly string[]): Promise<void> {
  own.asked.length = 0
  shared.asked.length = 0
  const leaving = new AbortController()
  for (const link of links) fetch(link, { signal: leaving.signal }).catch(() => undefined)
  const started = () => own.asked.filter(({ event }) => event === 'started')
  await expect
    .poll(() => new Set(started().map(({ infoHash }) => infoHash)))
    .toEqual(new Set(torrents.map(({ infoHash }) => infoHash)))
  await expectOpenAloneAsked(app)
  const ofThem = own.asked.filter(({ infoHash }) => infoHash !== OPEN.infoHash)
  for (const { query } of ofThem) expect(query).toContain(PASSKEY)
  leaving.abort()
}

/** The tracker of the settings is asked for public torrents, and was asked for nothing else. */
async function expectOpenAloneAsked(app: TestApp): Promise<void> {
  const leaving = new AbortController()
  fetch(`${app.url}/stream/proxy/${OPEN.infoHash}`, { signal: leaving.signal }).catch(() => undefined)
  await expect.poll(() => shared.asked.length).toBeGreaterThan(0)
  expect(new Set(shared.asked.map(({ infoHash }) => infoHash))).toEqual(new Set([OPEN.infoHash]))
  leaving.abort()
}
