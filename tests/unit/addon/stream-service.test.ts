import { expect, test } from 'vitest'
import { createAddon } from '../../../src/addon/addon.ts'
import { createLister } from '../../../src/addon/make-list.ts'
import type { StremioStream } from '../../../src/addon/present-stream.ts'
import type { RequestContext } from '../../../src/addon/request-context.ts'
import { createStreamService, type StreamService } from '../../../src/addon/stream-service.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { DEFAULT_LIST_OPTIONS } from '../../../src/domain/list/list-options.ts'
import type { VideoId } from '../../../src/domain/video-id.ts'
import type { Log, LogFields } from '../../../src/observe/log.ts'
import { recordingLog } from '../../support/recording-log.ts'

const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 QtWebEngine/5.15.8 StremioShell/4.4.168'
const EDGE =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0'
const BASE_URL = 'http://127.0.0.1:7000'
const ignore = () => undefined

function candidate(letter: string): Candidate {
  return {
    kind: 'torrent',
    file: { kind: 'main' },
    infoHash: letter.repeat(40) as InfoHash,
    title: letter,
    trackers: [],
    bingeKey: letter,
  }
}

/** The service on top of a search that finds the same for every video, and records its calls. */
function service(found: readonly Candidate[] = [candidate('a')]) {
  const asked: { video: VideoId; signal: AbortSignal }[] = []
  const unknown: LogFields[] = []
  const log: Log = {
    error: ignore,
    warn: ignore,
    debug: ignore,
    info: (message, fields = {}) => void (message === 'unknown client' && unknown.push(fields)),
  }
  const makeList = createLister(
    {
      search: {
        find(video, signal) {
          asked.push({ video, signal })
          return Promise.resolve({ candidates: found, report: [] })
        },
      },
    },
    { pack: async () => undefined, isPrivate: async () => false, video: async () => undefined },
    { sinceMs: () => undefined },
  )
  const streams = createStreamService({ trackers: ['udp://all.org:1'] }, makeList, ignore, log)
  return { getStreams: asker(streams), asked, unknown }
}

/** Asks as a client does: the addon reads the id. */
function asker(streams: StreamService) {
  const catalogs = { list: async () => [], find: async () => [] }
  const addon = createAddon({ version: '1.0.0' }, streams, catalogs, async () => ({
    types: [],
    idPrefixes: [],
  }))
  return async (
    type: string,
    series: string,
    season: number | undefined,
    episode: number | undefined,
    userAgent: string,
    baseUrl: string,
    more: Partial<RequestContext> = {},
  ): Promise<readonly StremioStream[]> => {
    const id = [series, season, episode].filter((part) => part !== undefined).join(':')
    const context = contextOf({ userAgent, baseUrl, ...more })
    const answer = await addon.get({ resource: 'stream', type, id, extra: {} }, context)
    return answer?.body.streams as readonly StremioStream[]
  }
}

function contextOf(more: Partial<RequestContext>): RequestContext {
  return {
    userAgent: IPHONE,
    secChUa: undefined,
    list: DEFAULT_LIST_OPTIONS,
    baseUrl: BASE_URL,
    isRelayed: false,
    client: '',
    signal: new AbortController().signal,
    ...more,
  }
}

test('an iPhone gets links, a desktop gets torrents', async () => {
  const { getStreams } = service()
  const [phone] = await getStreams('movie', 'tt1', undefined, undefined, IPHONE, BASE_URL)
  const [desktop] = await getStreams('movie', 'tt1', undefined, undefined, DESKTOP, BASE_URL)
  expect([phone?.url, phone?.infoHash]).toEqual([
    `${BASE_URL}/stream/proxy/${'a'.repeat(40)}/main/a.mkv`,
    undefined,
  ])
  expect([desktop?.url, desktop?.infoHash]).toEqual([undefined, 'a'.repeat(40)])
  expect(desktop?.sources).toContain('tracker:udp://all.org:1')
})

test('each candidate becomes one stream per delivery, in the order found', async () => {
  const { getStreams } = service([candidate('a'), candidate('b')])
  const streams = await getStreams('movie', 'tt1', undefined, undefined, 'AIOStreams/2.34.1', BASE_URL)
  expect(streams.map(({ description, url }) => [description[0], url !== undefined])).toEqual([
    ['a', true],
    ['a', false],
    ['b', true],
    ['b', false],
  ])
})

test('the delivery in the install URL overrides the one of the device', async () => {
  const { getStreams } = service()
  const [stream] = await getStreams('movie', 'tt1', undefined, undefined, DESKTOP, BASE_URL, {
    list: { ...DEFAULT_LIST_OPTIONS, mode: 'proxy' },
  })
  expect(stream?.url).toBeDefined()
  const [auto] = await getStreams('movie', 'tt1', undefined, undefined, DESKTOP, BASE_URL, {
    list: DEFAULT_LIST_OPTIONS,
  })
  expect(auto?.infoHash).toBeDefined()
})

test('Stremio for Windows is not mistaken for Edge', async () => {
  const { getStreams } = service()
  const secChUa = '"Microsoft Edge";v="140", "Microsoft Edge WebView2";v="140"'
  expect(await getStreams('movie', 'tt1', undefined, undefined, EDGE, BASE_URL)).toHaveLength(2)
  expect(await getStreams('movie', 'tt1', undefined, undefined, EDGE, BASE_URL, { secChUa })).toHaveLength(1)
})

test.for([
  ['movie', undefined, undefined, { kind: 'movie', id: 'tt1' }],
  ['series', 1, 2, { kind: 'episode', id: 'tt1', season: 1, episode: 2 }],
  ['series', 0, 0, { kind: 'episode', id: 'tt1', season: 0, episode: 0 }],
] as const)(
  '%s (season %s, episode %s) is searched by its own kind',
  async ([type, season, episode, video]) => {
    const { getStreams, asked } = service()
    await getStreams(type, 'tt1', season, episode, IPHONE, BASE_URL)
    expect(asked.map((each) => each.video)).toEqual([video])
  },
)

test('an episode of a catalogue without seasons is searched without a season', async () => {
  const { getStreams, asked } = service()
  await getStreams('series', 'kitsu:7442', undefined, 5, IPHONE, BASE_URL)
  expect(asked.map((each) => each.video)).toEqual([{ kind: 'episode', id: 'kitsu:7442', episode: 5 }])
})

test('a series without season and episode has no streams and starts no search', async () => {
  const { getStreams, asked } = service()
  expect(await getStreams('series', 'tt1', undefined, undefined, IPHONE, BASE_URL)).toEqual([])
  expect(await getStreams('series', 'tt1', 1, undefined, IPHONE, BASE_URL)).toEqual([])
  expect(await getStreams('series', 'tt1', undefined, 2, IPHONE, BASE_URL)).toEqual([])
  expect(asked).toEqual([])
})

test('the search gets the signal that aborts it', async () => {
  const { getStreams, asked } = service()
  const { signal } = new AbortController()
  await getStreams('movie', 'tt1', undefined, undefined, IPHONE, BASE_URL, { signal })
  expect(asked[0]?.signal).toBe(signal)
})

test.for([
  ['answered', 1, true],
  ['kept', undefined, true],
  ['stale', 0, true],
  ['skipped', 0, true],
  ['late', 0, false],
  ['failed', 0, false],
  ['paused', 0, false],
  ['busy', 0, false],
  ['answered', 0.5, false],
  ['answered', undefined, false, 5_000],
  ['answered', 1, true, 5_000],
] as const)(
  'a list whose source %s and with share %s on disk is settled: %s (peers missing for %s ms)',
  async ([outcome, share, isSettled, withoutPeersMs]) => {
    const found = { candidates: [candidate('a')], report: [{ source: 's', outcome, found: 1 }] }
    const disk = share === undefined ? undefined : { share, size: 5, name: 'a.mkv' }
    const makeList = createLister(
      { search: { find: async () => found } },
      { pack: async () => undefined, isPrivate: async () => false, video: async () => disk },
      { sinceMs: () => withoutPeersMs },
    )
    const { getList } = createStreamService({ trackers: [] }, makeList, ignore, recordingLog().log)
    expect(await getList({ kind: 'movie', id: 'tt1' }, contextOf({}))).toMatchObject({ isSettled })
  },
)

test('an unknown client is logged once, with the User-Agent it sent', async () => {
  const { getStreams, unknown } = service()
  for (const userAgent of ['New/1', 'New/1', 'New/2', IPHONE, DESKTOP, '']) {
    await getStreams('movie', 'tt1', undefined, undefined, userAgent, BASE_URL)
  }
  await getStreams('movie', 'tt1', undefined, undefined, 'New/1', BASE_URL, { secChUa: '"New"' })
  expect(unknown).toEqual([
    { userAgent: 'New/1', secChUa: '' },
    { userAgent: 'New/2', secChUa: '' },
    { userAgent: 'New/1', secChUa: '"New"' },
  ])
})

test('clients that change their User-Agent with every request do not fill the log', async () => {
  const { getStreams, unknown } = service([])
  for (let n = 0; n < 1_100; n++) await getStreams('movie', 'tt1', undefined, undefined, `New/${n}`, BASE_URL)
  expect(unknown).toHaveLength(1_000)
})
