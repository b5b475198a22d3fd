import { expect, test } from 'vitest'
import { createNextEpisodes } from '../../../src/addon/next-episodes.ts'
import type { VideoId } from '../../../src/domain/video-id.ts'

const EPISODE: VideoId = { kind: 'episode', id: 'tt1', season: 1, episode: 2 }

function nextEpisodes() {
  const asked: { video: VideoId; signal: AbortSignal }[] = []
  const answers: PromiseWithResolvers<void>[] = []
  const next = createNextEpisodes({
    async find(video, signal) {
      asked.push({ video, signal })
      const answer = Promise.withResolvers<void>()
      answers.push(answer)
      await answer.promise
      return { candidates: [], report: [] }
    },
  })
  return { ...next, asked, answers, [Symbol.dispose]: () => next[Symbol.dispose]() }
}

test('listing an episode starts a search for the next one, listing a film starts none', () => {
  const { warm, asked } = nextEpisodes()
  warm({ kind: 'movie', id: 'tt2' })
  warm(EPISODE)
  warm({ kind: 'episode', id: 'kitsu:1', episode: 9 })
  expect(asked.map(({ video }) => video)).toEqual([
    { ...EPISODE, episode: 3 },
    { kind: 'episode', id: 'kitsu:1', episode: 10 },
  ])
})

test('at most two searches for next episodes run at a time, even after failures', async () => {
  const { warm, asked, answers } = nextEpisodes()
  for (let n = 0; n < 5; n++) warm(EPISODE)
  expect(asked).toHaveLength(2)
  answers[0]?.reject(new Error('down'))
  answers[1]?.resolve()
  await expect
    .poll(() => {
      warm(EPISODE)
      return asked.length
    })
    .toBeGreaterThan(2)
})

test('closing aborts the searches for next episodes', () => {
  const next = nextEpisodes()
  next.warm(EPISODE)
  next[Symbol.dispose]()
  next.warm(EPISODE)
  expect(next.asked.map(({ signal }) => signal.aborted)).toEqual([true])
})
