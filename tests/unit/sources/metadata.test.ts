import { expect, test } from 'vitest'
import type { VideoId } from '../../../src/domain/video-id.ts'
import { heapBytes } from '../../../src/lib/heap-bytes.ts'
import { createMetadata } from '../../../src/sources/metadata.ts'
import type { RemoteServer } from '../../../src/sources/remote-server.ts'
import { readTitle } from '../../../src/sources/title.ts'

const MIB = 1024 * 1024
const SERIES = 100
const EPISODES = 1_000
const { signal } = new AbortController()

const series = (at: number): VideoId => ({
  kind: 'episode',
  id: `tt${1_000_000 + at}`,
  season: 1,
  episode: 1,
})

/** Answers for every series with many long episode titles, and with text that is of no use to us. */
function largeAnswers(): RemoteServer & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async ask(request, _signal, take) {
      asked.push(request.url)
      const videos = Array.from({ length: EPISODES }, (_, at) => ({
        season: 1,
        episode: at + 1,
        name: `${at} ${'é'.repeat(180)}`,
        overview: 'unused '.repeat(10),
      }))
      const meta = { name: request.url, description: 'unused '.repeat(1_000), videos }
      const read = (async () => readTitle({ meta })) as unknown as Parameters<typeof take>[1]
      return take({ status: 200 } as Parameters<typeof take>[0], read)
    },
  }
}

test('names of films and series take at most 16 MiB, without what is not used; the oldest go first', async () => {
  const server = largeAnswers()
  const metadata = createMetadata({ url: 'http://127.0.0.1:1' }, server)
  for (let at = 0; at < SERIES; at++) expect(await metadata.find(series(at), signal)).toBeDefined()
  expect(server.asked).toHaveLength(SERIES)

  const kept = []
  for (let at = 0; at < SERIES; at++) kept.push(await metadata.find(series(at), signal, { onlyKnown: true }))
  const there = kept.filter((title) => title !== undefined)
  const bytes = there.reduce((sum, title) => sum + heapBytes(title), 0)
  expect(bytes).toBeLessThan(16 * MIB)
  expect(bytes).toBeGreaterThan(12 * MIB)
  expect(kept[0]).toBeUndefined()
  expect(kept.at(-1)?.episodes.size).toBe(EPISODES)
  expect(
    JSON.stringify([...there.flatMap((title) => [title.name, ...title.episodes.values()])]),
  ).not.toContain('unused')
  expect(Object.keys(there[0] ?? {}).sort()).toEqual(['aliases', 'episodes', 'ids', 'name'])
  expect(server.asked).toHaveLength(SERIES)
})
