import { expect, test } from 'vitest'
import { presentPassThrough } from '../../../src/addon/present-pass-through.ts'

const LINK = { kind: 'pass-through', url: 'https://a.org/film.mp4', title: 'Film', subtitles: [] } as const

test('a stream of another addon is passed on as that addon wrote it', () => {
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

test('a stream of another addon without text and file name gets both', () => {
  expect(presentPassThrough({ ...LINK, upstream: { hints: {} } })).toEqual({
    name: 'self-streme Link',
    description: 'Film',
    url: 'https://a.org/film.mp4',
    behaviorHints: { filename: 'Film.mp4' },
  })
})

test.for([
  ['https://a.org/get?key=secret&t=1', undefined, 'Film.mkv'],
  ['https://a.org/secret/f.MKV?token=secret', 'Film.2020.1080p.WEB-DL-GRP', 'Film.2020.1080p.WEB-DL-GRP.mkv'],
  ['https://a.org/secret.avi', 'Film 2020', 'Film 2020.avi'],
  ['https://a.org/live/secret/index.m3u8', 'Film.2020.mp4', 'Film.2020.mp4'],
] as const)('for the link %s, only the extension gets into the file name', ([url, releaseName, filename]) => {
  const { behaviorHints } = presentPassThrough({
    ...LINK,
    url,
    upstream: { hints: {} },
    ...(releaseName === undefined ? {} : { releaseName }),
  })
  expect(behaviorHints).toEqual({ filename })
})
