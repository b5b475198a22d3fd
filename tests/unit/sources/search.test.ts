import { expect, onTestFinished, test, vi } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import type { Candidate, Found } from '../../../src/domain/list/candidate.ts'
import type { VideoId } from '../../../src/domain/video-id.ts'
import { createSearch, type Search } from '../../../src/sources/search.ts'
import type { Source } from '../../../src/sources/source.ts'
import { recordingLog } from '../../support/recording-log.ts'

const MINUTE = 60_000
const VIDEO: VideoId = { kind: 'movie', id: 'tt1' }
const OTHER: VideoId = { kind: 'movie', id: 'tt2' }
const { signal } = new AbortController()

function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  const infoHash = name.padEnd(40, '0') as InfoHash
  return {
    kind: 'torrent',
    infoHash,
    title: name,
    file: { kind: 'main' },
    trackers: [],
    bingeKey: name,
    ...more,
  }
}

/** A source that records its calls. */
function source(name: string, find: Source['find'], kind: Source['kind'] = 'indexer') {
  const asked: VideoId[] = []
  return {
    name,
    kind,
    asked,
    find(video: VideoId, until: AbortSignal) {
      asked.push(video)
      return find(video, until)
    },
  }
}

const honest = (name: string, kind?: Source['kind']) =>
  source(name, () => Promise.resolve([candidate(name)]), kind)
const silent = (name: string) => source(name, () => new Promise(() => undefined))

/** A search whose clock is moved by hand; only its timeouts run in real time. */
function searchOver(sources: readonly Source[], timeoutMs = 10_000) {
  let time = 1_000_000
  const { log, warnings } = recordingLog()
  const search = createSearch({ timeoutMs, now: () => time }, sources, log)
  return {
    search,
    warnings,
    pass(ms: number) {
      time += ms
    },
    /** titles found, and the outcome of each source */
    async find(video = VIDEO, asker = {}) {
      const { candidates, report } = await search.find(video, signal, asker)
      return {
        titles: candidates.map(({ title }) => title),
        outcomes: report.map(({ outcome }) => outcome),
        report,
      }
    },
  }
}

test('candidates of all sources are one list, in the order of the sources', async () => {
  const slow = Promise.withResolvers<Candidate[]>()
  const { find, warnings } = searchOver([
    source('slow', () => slow.promise),
    source('quick', () => Promise.resolve([candidate('b'), candidate('a')])),
  ])
  const found = find()
  slow.resolve([candidate('a')])
  expect(await found).toMatchObject({ titles: ['a', 'b'], outcomes: ['answered', 'answered'] })
  expect(warnings).toEqual([])
})

test('each candidate names the sources that know it', async () => {
  const { search } = searchOver([
    honest('a'),
    source('b', () => Promise.resolve([candidate('a'), candidate('b')])),
  ])
  const { candidates } = await search.find(VIDEO, signal)
  expect(candidates.map(({ foundBy }) => foundBy)).toEqual([['a', 'b'], ['b']])
})

test('a source that fails gives a shorter list and a warning with its name', async () => {
  const { find, warnings } = searchOver([
    source('broken', () => Promise.reject(new Error('no answer'))),
    honest('films'),
  ])
  const { titles, report } = await find()
  expect(titles).toEqual(['films'])
  expect(report).toMatchObject([
    { source: 'broken', outcome: 'failed', found: 0, why: 'no answer' },
    { source: 'films', outcome: 'answered', found: 1 },
  ])
  expect(warnings).toEqual([['a source failed', { source: 'broken', reason: 'no answer' }]])
})

test('the list is empty when all sources fail, and without sources', async () => {
  expect((await searchOver([source('broken', () => Promise.reject('text'))]).find()).titles).toEqual([])
  expect((await searchOver([]).find()).titles).toEqual([])
})

test('each source gets the video and a signal that aborts when no request waits any more', async () => {
  const told: AbortSignal[] = []
  const { search, find } = searchOver([
    source('films', (_video, until) => {
      told.push(until)
      return new Promise(() => undefined)
    }),
  ])
  const finding = find()
  expect(told[0]?.aborted).toBe(false)
  search[Symbol.dispose]()
  expect(told[0]?.aborted).toBe(true)
  await finding
})

test('a late source does not delay the list, and its answer is in the next one', async () => {
  const late = Promise.withResolvers<Candidate[]>()
  const slow = source('slow', () => late.promise)
  const { find } = searchOver([slow, honest('quick')], 50)
  expect(await find()).toMatchObject({ titles: ['quick'], outcomes: ['late', 'answered'] })
  late.resolve([candidate('slow')])
  await expect.poll(() => find()).toMatchObject({ titles: ['slow', 'quick'], outcomes: ['kept', 'kept'] })
  expect(slow.asked).toHaveLength(1)
})

test('a source that one list waited for in vain is not waited for by the next', async () => {
  const { search, find, pass } = searchOver([silent('silent'), honest('quick')], 60_000)
  const left = new AbortController()
  const first = search.find(VIDEO, left.signal)
  left.abort(new Error('left'))
  await expect(first).rejects.toThrow('left')
  // by then the quick one has answered
  await new Promise((done) => setImmediate(done))
  pass(60_000)
  expect(await find()).toMatchObject({ titles: ['quick'], outcomes: ['late', 'kept'] })
})

test('a viewer who leaves stops waiting, and the answer is kept for the next request', async () => {
  const late = Promise.withResolvers<Candidate[]>()
  const slow = source('slow', () => late.promise)
  const { search, find } = searchOver([slow])
  const left = new AbortController()
  const finding = search.find(VIDEO, left.signal)
  left.abort(new Error('left'))
  await expect(finding).rejects.toThrow('left')
  late.resolve([candidate('slow')])
  expect((await find()).titles).toEqual(['slow'])
  expect(slow.asked).toHaveLength(1)
})

test('simultaneous searches for the same video ask each source once', async () => {
  const a = honest('a')
  const { find } = searchOver([a])
  await Promise.all([find(), find(), find(OTHER), find()])
  expect(a.asked).toEqual([VIDEO, OTHER])
})

test('an answer is good for ten minutes, and is then given once more while a new one is fetched', async () => {
  let round = 0
  const a = source('a', () => Promise.resolve([candidate(`round ${++round}`)]))
  const { find, pass } = searchOver([a])
  expect(await find()).toMatchObject({ titles: ['round 1'], outcomes: ['answered'] })
  pass(10 * MINUTE - 1)
  expect(await find()).toMatchObject({ titles: ['round 1'], outcomes: ['kept'] })
  pass(1)
  expect(await find()).toMatchObject({ titles: ['round 1'], outcomes: ['stale'] })
  await expect.poll(() => find()).toMatchObject({ titles: ['round 2'], outcomes: ['kept'] })
  expect(a.asked).toHaveLength(2)
})

test('the report says when the answer was requested and received', async () => {
  const { find, pass } = searchOver([honest('a')])
  const { report } = await find()
  expect(report).toEqual([
    { source: 'a', outcome: 'answered', found: 1, askedAt: 1_000_000, answeredAt: 1_000_000 },
  ])
  pass(5)
  expect((await find()).report).toEqual([{ ...report[0], outcome: 'kept' }])
})

test('an empty answer is good for a minute', async () => {
  const a = source('a', () => Promise.resolve([]))
  const { find, pass } = searchOver([a])
  await find()
  pass(MINUTE - 1)
  await find()
  expect(a.asked).toHaveLength(1)
  pass(1)
  await find()
  expect(a.asked).toHaveLength(2)
})

test('an answer more than a day old is not used', async () => {
  const { find, pass } = searchOver([honest('a')])
  await find()
  pass(25 * 60 * MINUTE)
  expect(await find()).toMatchObject({ outcomes: ['answered'] })
})

test('a source that failed is asked again after half a minute', async () => {
  let fails = true
  const a = source('a', () => (fails ? Promise.reject(new Error('down')) : Promise.resolve([candidate('a')])))
  const { find, pass } = searchOver([a])
  await find()
  fails = false
  pass(MINUTE / 2 - 1)
  expect(await find()).toMatchObject({ titles: [], outcomes: ['failed'], report: [{ why: 'down' }] })
  expect(a.asked).toHaveLength(1)
  pass(1)
  expect(await find()).toMatchObject({ titles: ['a'], outcomes: ['answered'] })
})

test('the last answer of a source stays in the list after it fails', async () => {
  let fails = false
  const a = source('a', () => (fails ? Promise.reject(new Error('down')) : Promise.resolve([candidate('a')])))
  const { find, pass, warnings } = searchOver([a])
  await find()
  fails = true
  pass(11 * MINUTE)
  await find()
  await expect.poll(() => warnings).toHaveLength(1)
  expect(await find()).toMatchObject({ titles: ['a'], outcomes: ['stale'], report: [{ why: 'down' }] })
  expect(a.asked).toHaveLength(2)
})

test('a source that fails three times in a row is paused, longer each time, with one try between pauses', async () => {
  let fails = true
  const a = source('a', () => (fails ? Promise.reject(new Error('down')) : Promise.resolve([candidate('a')])))
  const { find, pass, warnings } = searchOver([a])
  const ask = async (id: number) => (await find({ kind: 'movie', id: `tt${id}` })).outcomes[0]
  expect([await ask(1), await ask(2), await ask(3), await ask(4)]).toEqual([
    'failed',
    'failed',
    'failed',
    'paused',
  ])
  expect(warnings.at(-1)).toEqual([
    'source paused after repeated failures',
    { source: 'a', client: '', pauseMs: 30_000 },
  ])
  expect((await find({ kind: 'movie', id: 'tt4' })).report).toEqual([
    { source: 'a', outcome: 'paused', found: 0, why: 'down' },
  ])
  pass(30_000)
  expect([await ask(5), await ask(6)]).toEqual(['failed', 'paused'])
  pass(59_999)
  expect(await ask(7)).toBe('paused')
  pass(1)
  fails = false
  expect([await ask(8), await ask(9)]).toEqual(['answered', 'answered'])
  expect(a.asked).toHaveLength(6)
})

test('the last answer of a paused source stays in the list', async () => {
  let fails = false
  const a = source('a', () => (fails ? Promise.reject(new Error('down')) : Promise.resolve([candidate('a')])))
  const { find, pass } = searchOver([a])
  await find()
  fails = true
  for (let id = 2; id < 5; id++) await find({ kind: 'movie', id: `tt${id}` })
  pass(11 * MINUTE)
  for (let id = 5; id < 8; id++) await find({ kind: 'movie', id: `tt${id}` })
  expect(await find()).toMatchObject({ titles: ['a'], outcomes: ['stale'] })
})

const MISBEHAVIOURS: readonly (readonly [string, () => unknown])[] = [
  [
    'throws at once',
    () => {
      throw new Error('at once')
    },
  ],
  ['never answers', () => new Promise(() => undefined)],
  ['answers nothing at all', () => Promise.resolve(undefined)],
  ['answers text', () => Promise.resolve('<html>')],
  ['answers a list of rubbish', () => Promise.resolve([null, 5, 'text'])],
  ['answers no promise', () => 5],
  ['fails with nothing', () => Promise.reject()],
]

test.for(MISBEHAVIOURS)('a source that %s does not harm the others', async ([, find]) => {
  const searching = searchOver([source('bad', find as Source['find']), honest('good')], 50)
  const { titles, report } = await searching.find()
  expect(titles).toEqual(['good'])
  expect(report[0]?.found).toBe(0)
})

test('of an endless answer 500 candidates are taken, each once', async () => {
  const many = Array.from({ length: 100_000 }, (_, at) => candidate(String(at % 4_000)))
  const { search } = searchOver([source('many', () => Promise.resolve(many))])
  const { candidates, report } = await search.find(VIDEO, signal)
  expect(new Set(candidates.map(({ title }) => title)).size).toBe(500)
  expect(report[0]?.found).toBe(500)
})

const askFor = (search: Search, id: string, client: string) =>
  search.find({ kind: 'movie', id }, signal, { client })

test('a source that hangs gets only a limited number of requests', async () => {
  const hanging = silent('hanging')
  const { search } = searchOver([hanging], 20)
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, at) => askFor(search, `tt${at}`, `client ${at % 10}`)),
  )
  expect(hanging.asked).toHaveLength(16)
  expect(all.map(({ report }) => report[0]?.outcome).filter((outcome) => outcome === 'busy')).toHaveLength(24)
})

test('one client takes at most four places of a source that hangs, and others are served at once', async () => {
  const hanging = source('hanging', ({ id }) =>
    id.startsWith('tt9') ? Promise.resolve([candidate('film')]) : new Promise(() => undefined),
  )
  const { search } = searchOver([hanging], 20)
  const outsider = Array.from({ length: 100 }, (_, at) => askFor(search, `tt1${at}`, 'outsider'))
  const viewers = Array.from({ length: 3 }, (_, at) => askFor(search, `tt9${at}`, `viewer ${at}`))
  const outcomes = (await Promise.all(viewers)).map(({ report }) => report[0]?.outcome)
  expect(outcomes).toEqual(['answered', 'answered', 'answered'])
  const refused = (await Promise.all(outsider)).filter(({ report }) => report[0]?.outcome === 'busy')
  expect(refused).toHaveLength(96)
})

test("a viewer's request is sent at once, though an outsider with many requests waits for the same", async () => {
  const slow = source('slow', ({ id }) =>
    id === 'tt42' ? Promise.resolve([candidate('film')]) : new Promise(() => undefined),
  )
  const { search } = searchOver([slow], 60_000)
  for (let at = 0; at < 20; at++) void askFor(search, `tt1${at}`, 'outsider').catch(() => undefined)
  const waiting = askFor(search, 'tt42', 'outsider')
  const { report } = await askFor(search, 'tt42', 'viewer')
  expect(report).toMatchObject([{ outcome: 'answered', found: 1 }])
  expect((await waiting).report).toMatchObject([{ outcome: 'answered' }])
})

test('a source that fails for a hundred ids of one client is paused for that client only', async () => {
  const picky = source('picky', ({ id }) =>
    id.startsWith('tt9') ? Promise.resolve([candidate('film')]) : Promise.reject(new Error('status 500')),
  )
  const { search, warnings } = searchOver([picky])
  const outcomes: (string | undefined)[] = []
  for (let at = 0; at < 100; at++)
    outcomes.push((await askFor(search, `tt1${at}`, 'outsider')).report[0]?.outcome)
  expect(outcomes.filter((outcome) => outcome === 'paused')).toHaveLength(97)
  expect((await askFor(search, 'tt9', 'viewer')).report).toMatchObject([{ outcome: 'answered' }])
  // One line for all failures, and one for the pause.
  expect(warnings).toHaveLength(2)
})

test('a source that does not know an id has not failed', async () => {
  const strict = source('strict', ({ id }) =>
    id === 'tt9'
      ? Promise.resolve([candidate('film')])
      : Promise.reject(new SelfStremeError('source.unknown_id', 'it answered with status 404')),
  )
  const { find } = searchOver([strict])
  for (let at = 0; at < 10; at++)
    expect(await find({ kind: 'movie', id: `tt1${at}` })).toMatchObject({ outcomes: ['failed'] })
  expect(await find({ kind: 'movie', id: 'tt9' })).toMatchObject({ outcomes: ['answered'] })
})

test('a client over its budget gets known answers only, and no source is asked for it', async () => {
  const a = honest('a')
  const { find } = searchOver([a])
  await find(VIDEO)
  expect(await find(VIDEO, { onlyKnown: true })).toMatchObject({ titles: ['a'], outcomes: ['kept'] })
  expect(await find(OTHER, { onlyKnown: true })).toMatchObject({ titles: [], outcomes: ['busy'] })
  expect(a.asked).toEqual([VIDEO])
})

test('a client over its budget does not start a request that another client waits to send', async () => {
  const one = silent('a')
  const { find } = searchOver([one], 500)
  const videos = Array.from({ length: 5 }, (_, n): VideoId => ({ kind: 'movie', id: `tt${n + 1}` }))
  const answers = videos.map((video) => find(video, { client: 'a' }))
  await vi.waitUntil(() => one.asked.length === 4)

  expect(await find(videos.at(-1), { client: 'b', onlyKnown: true })).toMatchObject({ outcomes: ['busy'] })
  expect(one.asked).toHaveLength(4)
  await Promise.all(answers)
})

test('a source is not asked for ids that it cannot know', async () => {
  const a = honest('a')
  const { find } = searchOver([{ ...a, knows: ({ id }: VideoId) => id !== 'nonsense' }])
  expect(await find({ kind: 'movie', id: 'nonsense' })).toMatchObject({ outcomes: ['skipped'] })
  expect(await find(VIDEO)).toMatchObject({ outcomes: ['answered'] })
  expect(a.asked).toEqual([VIDEO])
})

test('huge answers of one source do not evict those of another', async () => {
  const huge = source('huge', ({ id }) =>
    Promise.resolve(
      Array.from({ length: 500 }, (_, at) =>
        candidate(`${id} ${at}`, { releaseName: 'Film', title: 'x'.repeat(5_000) }),
      ),
    ),
  )
  const { find } = searchOver([honest('modest'), huge])
  for (let at = 0; at < 30; at++) await find({ kind: 'movie', id: `tt${at}` })
  const first = await find({ kind: 'movie', id: 'tt0' })
  expect(first.outcomes).toEqual(['kept', 'answered'])
})

test('a source that ignores its abort signal is given up and counts as failed', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { find, warnings } = searchOver([silent('silent')], 1_000)
  const first = find()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await first).toMatchObject({ outcomes: ['late'] })
  await vi.advanceTimersByTimeAsync(29_000)
  expect(warnings).toEqual([['a source failed', { source: 'silent', reason: 'no answer within 30000 ms' }]])
  expect(await find()).toMatchObject({ outcomes: ['failed'] })
})

test('local sources are asked every time, and an answer from before the request is not used', async () => {
  const first = Promise.withResolvers<Found[]>()
  const answers = [first.promise, Promise.resolve([candidate('new')])]
  const films = source('films', () => answers.shift() ?? Promise.resolve([]), 'local')
  const { find } = searchOver([films])
  const early = find()
  expect((await find()).titles).toEqual(['new'])
  first.resolve([candidate('old')])
  expect((await early).titles).toEqual(['old'])
})

test('for another self-streme, no further addon is asked', async () => {
  const addon = honest('addon', 'addon')
  const { find } = searchOver([honest('films', 'local'), addon, honest('indexer')])
  const relayed = await find(VIDEO, { isRelayed: true })
  expect(relayed).toMatchObject({
    titles: ['films', 'indexer'],
    outcomes: ['answered', 'skipped', 'answered'],
  })
  expect(addon.asked).toEqual([])
  expect((await find()).titles).toEqual(['films', 'addon', 'indexer'])
})

test('secrets in an error reach neither the report nor the log', async () => {
  const { find, warnings } = searchOver([
    source('a', () => Promise.reject(new Error('no answer from http://me:s3cret@a/?apikey=s3cret&x=1'))),
  ])
  const { report } = await find()
  expect(report[0]?.why).toBe('no answer from http://***@a/?apikey=***&x=1')
  expect(JSON.stringify(warnings)).not.toContain('s3cret')
})

test('closing aborts the requests that still run, without a warning', async () => {
  const { search, find, warnings } = searchOver([silent('silent')])
  const finding = find()
  search[Symbol.dispose]()
  expect((await finding).titles).toEqual([])
  expect(warnings).toEqual([])
})
