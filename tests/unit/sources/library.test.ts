import { expect, test } from 'vitest'
import { parseVideoId } from '../../../src/domain/video-id.ts'
import type { Titles } from '../../../src/library/titles.ts'
import { createLibrarySource } from '../../../src/sources/library.ts'
import type { Metadata } from '../../../src/sources/metadata.ts'
import type { Title } from '../../../src/sources/title.ts'
import { indexOf } from '../../support/library-file.ts'
import { recordingLog } from '../../support/recording-log.ts'

const { log } = recordingLog()
const never = new AbortController().signal
const FILM = { name: 'The Film', aliases: ['Der Streifen'], year: 2010, episodes: new Map() }
const SHOW = {
  name: 'Show',
  aliases: [],
  year: 2005,
  episodes: new Map(Array.from({ length: 12 }, (_, n) => [`1:${n + 1}`, `Title ${n + 1}`] as const)),
}

function source(title: Title | undefined, paths: readonly string[], metadata?: Partial<Metadata>) {
  const index = indexOf(...paths)
  const titles: Omit<Titles, 'works'> = {
    withId: async (...asked) => index.withId(...asked),
    titled: async (...asked) => index.titled(...asked),
    has: async (kind) => index.has(kind),
  }
  return createLibrarySource({ titleMs: 50 }, titles, { find: async () => title, ...metadata }, log)
}

async function found(title: Title | undefined, [type, id]: readonly string[], paths: readonly string[]) {
  const video = parseVideoId(type ?? '', id ?? '')
  if (!video) throw new Error(`${id} is no id`)
  return (await source(title, paths).find(video, never)).map((each) => each.title)
}

test.for<[string, boolean]>([
  ['The Film (2010).mkv', true],
  ['film.2010.1080p.mkv', true],
  ['Film (2011)/film.mkv', true],
  ['Film.mkv', true],
  ['Der Streifen (2010).mkv', true],
  ['Something else {imdb-tt1234567}.mkv', true],
  ['Film (2012).mkv', false],
  ['Film 2 (2010).mkv', false],
  ['Film Festival (2010).mkv', false],
  ['Films (2010).mkv', false],
  ['Film (2010) {imdb-tt7654321}.mkv', false],
  ['The Film S01E01.mkv', false],
])('whether "The Film" of 2010 is found in %s: %s', async ([path, isFound]) => {
  expect(await found(FILM, ['movie', 'tt1234567'], [path])).toEqual(isFound ? ['The Film'] : [])
})

test.for<[string, string, boolean]>([
  ['tt5:2:3', 'Show/Season 2/03 - Title.mkv', true],
  ['tt5:2:3', 'Show S02E02-E04.mkv', true],
  ['tt5:2:3', 'Show (2005)/Season 2/Show.S02E03.2006.mkv', true],
  ['tt5:2:3', '[Group] Show - 15.mkv', true],
  ['tt5:2:3', '[Group] Show - 03.mkv', false],
  ['tt5:2:3', 'Show/Season 2/13.mkv', false],
  ['tt5:2:3', 'Show/Season 1/03.mkv', false],
  ['tt5:2:3', 'Show (1963)/Season 2/03.mkv', false],
  ['tt5:2:3', 'Show US/Season 2/03.mkv', false],
  ['tt5:2:3', 'Show US (2005)/Season 2/03.mkv', true],
  ['tt5:2:3', 'Show 203.mkv', false],
  ['tt5:1:3', '[Group] Show - 03.mkv', true],
  ['tt5:1:3', 'Show/03 - Title.mkv', true],
  ['tt5:0:1', 'Show/Specials/01.mkv', true],
  ['tt5:1:1', 'Show/Specials/01.mkv', false],
  // The number of episodes in the second season is not known.
  ['tt5:3:3', '[Group] Show - 15.mkv', false],
])('whether %s is found in %s: %s', async ([id, path, isFound]) => {
  expect(await found(SHOW, ['series', id], [path])).toHaveLength(isFound ? 1 : 0)
})

test('without a title from the metadata service, files are found by id only', async () => {
  const paths = ['a/Film (2010) {imdb-tt1234567}.mkv', 'b/Film (2010).mkv', 'c/Other (2010).mkv']
  expect(await found(undefined, ['movie', 'tt1234567'], paths)).toHaveLength(2)
  expect(await found(undefined, ['movie', 'tt0000001'], paths)).toEqual([])
})

test('a missing title does not delay files that are found by their id', async () => {
  const silent = { find: () => new Promise<never>(() => undefined) }
  const library = source(undefined, ['Film {imdb-tt1234567}.mkv'], {
    find: (_video, signal) =>
      Promise.race([
        silent.find(),
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]),
  })
  expect(await library.find({ kind: 'movie', id: 'tt1234567' }, never)).toHaveLength(1)
})

test('no title is looked up when the library has nothing of that kind', async () => {
  let asked = 0
  const library = source(undefined, ['Film.mkv'], {
    find: async () => {
      asked++
      return undefined
    },
  })
  await library.find({ kind: 'episode', id: 'tt5', season: 1, episode: 1 }, never)
  expect(asked).toBe(0)
})

test('a library file outside any torrent is marked as local and has its release name', async () => {
  const [candidate] = await source(FILM, ['Film (2010)/Film.2010.1080p-GROUP.mkv']).find(
    { kind: 'movie', id: 'tt1234567' },
    never,
  )
  expect(candidate).toMatchObject({
    kind: 'torrent',
    file: { kind: 'file', fileIdx: 0 },
    isLocal: true,
    title: 'The Film',
    quality: '1080p',
    fileName: 'Film.2010.1080p-GROUP.mkv',
    size: { bytes: 2_000_000, of: 'file', exact: true },
    bingeKey: 'tt1234567|1080p|GROUP',
  })
})
