import { afterAll, describe, expect, test } from 'vitest'
import type { VideoId } from '../../src/domain/video-id.ts'
import { createAnswerReader } from '../../src/sources/reading/answer-reader.ts'
import type { Reading } from '../../src/sources/reading/readings.ts'

const MIB = 1024 * 1024
/** parsing the worst of these in the main thread would take 100 ms and more */
const LARGE_BYTES = MIB / 2
const HASH = 'a'.repeat(40)
const VIDEO: VideoId = { kind: 'movie', id: 'tt1' }
const { signal } = new AbortController()

function filled(text: string, bytes = LARGE_BYTES): string {
  return text.repeat(Math.floor(bytes / text.length))
}

function numbered(bytes: number, each: (n: number) => string): string {
  return Array.from({ length: Math.floor(bytes / each(0).length) }, (_, n) => each(n)).join('')
}

function rss(items: string): string {
  return `<rss><channel><title>x</title>${items}</channel></rss>`
}

function hashOf(n: number): string {
  return n.toString(16).padStart(40, '0')
}

const stream = (n: number) => ({
  infoHash: hashOf(n),
  name: 'Film 1080p',
  title: 'Film.1968.1080p\n👤 12 💾 1.4 GB',
  sources: Array.from({ length: 20 }, (_, at) => `tracker:udp://tracker${at}.example.org:1337/announce`),
})
const item = (n: number) => `<item><title>Film.1968.1080p.WEB-GROUP.${n}</title><size>5000000000</size>
  <link>http://127.0.0.1:9117/dl/indexer/?jackett_apikey=${HASH}&amp;path=${'Q2ZE'.repeat(80)}</link>
  <enclosure url="http://127.0.0.1:9117/dl/indexer/?path=${'Q2ZE'.repeat(80)}" length="1" type="application/x-bittorrent"/>
  <torznab:attr name="seeders" value="12"/><torznab:attr name="infohash" value="${hashOf(n)}"/></item>`

/** Answers that are slow to parse. */
const LARGE: readonly (readonly [string, Reading, () => string])[] = [
  ['honest rows', 'rows', () => rss(numbered(LARGE_BYTES, item))],
  ['tags without end', 'rows', () => rss(filled('<a/>'))],
  ['tags in text', 'rows', () => rss(`<item><title>${filled('a<b/>')}</title></item>`)],
  ['attributes without end', 'rows', () => rss(`<item ${numbered(LARGE_BYTES, (n) => ` a${n}="x"`)}/>`)],
  ['broken attributes', 'rows', () => rss(`<item ${filled('a=')}/>`)],
  ['tags of many names', 'rows', () => rss(numbered(LARGE_BYTES, (n) => `<a${n}/>`))],
  [
    'one row of attributes',
    'rows',
    () => rss(`<item><title>a</title>${filled('<attr name="x" value="y"/>')}</item>`),
  ],
  ['entities', 'rows', () => rss(`<item><title>${filled('&amp;')}</title></item>`)],
  ['endless capabilities of an indexer', 'caps', () => `<caps>${filled('<category id="1"/>')}</caps>`],
  [
    'honest streams',
    'streams',
    () => JSON.stringify({ streams: Array.from({ length: 400 }, (_, n) => stream(n)) }),
  ],
  ['streams of nothing', 'streams', () => `{"streams":[${filled('{},')}{}]}`],
  ['brackets', 'streams', () => filled('[')],
  ['keys without end', 'streams', () => `{"streams":[]${numbered(LARGE_BYTES, (n) => `,"k${n}":1`)}}`],
  [
    'trackers without end',
    'streams',
    () =>
      JSON.stringify({
        streams: Array.from({ length: 150 }, (_, n) => ({
          infoHash: hashOf(n),
          sources: Array.from({ length: 100 }, (__, at) => `tracker:udp://t${at}.a${n}.example.org:1`),
        })),
      }),
  ],
  [
    'episodes without end',
    'title',
    () =>
      JSON.stringify({
        meta: {
          name: 'a',
          videos: Array.from({ length: 15_000 }, (_, n) => ({ season: 1, episode: n, name: 'b' })),
        },
      }),
  ],
]

describe('a large answer', () => {
  const reader = createAnswerReader()
  afterAll(() => reader[Symbol.asyncDispose]())

  test.for(LARGE)('parsing %s as %s does not block the main thread', async ([, reading, make]) => {
    await reader.read(
      {
        reading: 'streams',
        sender: 'warm',
        body: Buffer.from(`{"streams":[]${' '.repeat(20_000)}}`),
        about: VIDEO,
      },
      signal,
    )
    const body = Buffer.from(make())
    expect(body.length).toBeGreaterThan(LARGE_BYTES / 2)
    const about = reading === 'rows' ? { video: VIDEO, askedBy: 'id' } : VIDEO
    const before = process.threadCpuUsage()
    const result = await reader
      .read({ reading, sender: 'sender', body, about: about as never }, signal)
      .catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'source.bad_answer' })
        return []
      })
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(100)
    if (reading === 'streams') expect((result as unknown[]).length).toBeLessThanOrEqual(2_000)
  })
})

test('an answer that takes too long to parse is given up, and the next one is parsed', async () => {
  await using reader = createAnswerReader({ limitMs: 1_500 })
  const endless = reader.read(
    {
      reading: 'rows',
      sender: 'bad',
      body: Buffer.from(rss(filled('<a/>', 16 * MIB))),
      about: { video: VIDEO, askedBy: 'id' },
    },
    signal,
  )
  await expect(endless).rejects.toMatchObject({
    code: 'source.bad_answer',
    message: 'the answer could not be parsed: it takes longer than 1500 ms',
  })
  const honest = createBody(60)
  expect(
    await reader.read({ reading: 'streams', sender: 'good', body: honest, about: VIDEO }, signal),
  ).toHaveLength(60)
})

test('a source with many answers to parse delays another by one answer only', async () => {
  await using reader = createAnswerReader()
  const order: string[] = []
  const read = (sender: string) =>
    reader
      .read({ reading: 'streams', sender, body: createBody(60), about: VIDEO }, signal)
      .then(() => order.push(sender))
  await Promise.all([read('a'), read('a'), read('a'), read('a'), read('b'), read('b')])
  expect(order).toEqual(['a', 'a', 'b', 'a', 'b', 'a'])
})

test('parsing ends at once for a caller that aborts', async () => {
  await using reader = createAnswerReader()
  const left = new AbortController()
  const reading = reader.read(
    { reading: 'streams', sender: 'a', body: createBody(60), about: VIDEO },
    left.signal,
  )
  left.abort(new Error('left'))
  await expect(reading).rejects.toThrow('left')
})

test('a closed reader starts no thread', async () => {
  const reader = createAnswerReader()
  await reader[Symbol.asyncDispose]()
  await expect(
    reader.read({ reading: 'streams', sender: 'a', body: createBody(60), about: VIDEO }, signal),
  ).rejects.toThrow()
})

/** Enough streams to be handled as a large answer. */
function createBody(streams: number): Buffer {
  return Buffer.from(JSON.stringify({ streams: Array.from({ length: streams }, (_, n) => stream(n)) }))
}
