import { expect, test } from 'vitest'
import { presentPassThrough } from '../../src/addon/present-pass-through.ts'

const LINK = { kind: 'pass-through', url: 'https://a.org/film.mp4', title: 'Film', subtitles: [] } as const

test('a stream of another addon reads as that addon wrote it', () => {
  const hints = { notWebReady: true, bingeGroup: 'other', filename: 'film.mp4' }
  const subtitles = [{ id: '1', url: 'https://a.org/1.srt', lang: 'eng' }]
  expect(
    presentPassThrough({ ...LINK, upstream: { name: 'Other', description: 'Words', hints }, subtitles }),
  ).toEqual({
    name: 'Other',
    description: 'Words',
    url: 'https://a.org/film.mp4',
    behaviorHints: hints,
    subtitles,
  })
})

test('one without words gets some', () => {
  expect(presentPassThrough({ ...LINK, upstream: { hints: {} } })).toEqual({
    name: 'self-streme Link',
    description: 'Film',
    url: 'https://a.org/film.mp4',
    behaviorHints: {},
  })
})
