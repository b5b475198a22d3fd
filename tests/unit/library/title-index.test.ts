import { describe, expect, test } from 'vitest'
import { TitleIndex } from '../../../src/library/title-index.ts'
import { indexOf, libraryFile } from '../../support/library-file.ts'

const OWN_ID = /^selfstreme:lib-[0-9a-f]{16}$/

describe('files are grouped to films', () => {
  test.for<[string, string[], number]>([
    ['the same title and year: one film', ['Film (2010).mkv', 'Film.2010.1080p.mkv'], 1],
    ['the same title, with one year or none: one film', ['Film.mkv', 'Film.2010.1080p.mkv'], 1],
    [
      'the same title with and without accents: one film',
      ['Les Misérables (2012).mkv', 'Les.Miserables.2012.mkv'],
      1,
    ],
    [
      'the same id in two languages: one film',
      ['Film (2010) {imdb-tt1375666}.mkv', 'Streifen (2010) {imdb-tt1375666}.mkv'],
      1,
    ],
    ['two years: two films', ['Film (2010).mkv', 'Film (1984).mkv'], 2],
    ['two years and a file without: three films', ['Film (2010).mkv', 'Film (1984).mkv', 'Film.mkv'], 3],
    ['two ids: two films', ['a/Film (2010) {imdb-tt1375666}.mkv', 'b/Film (2010) {imdb-tt1375667}.mkv'], 2],
    ['similar titles: three films', ['Film 2 (2010).mkv', 'Film (2010).mkv', 'Films (2010).mkv'], 3],
  ])('%s', ([, paths, count]) => {
    expect(indexOf(...paths).works('movie')).toHaveLength(count)
  })
})

test('the own id of a film still leads to it after a file gave its IMDb id', () => {
  const index = indexOf('Film.mkv')
  const [film] = index.works('movie')
  expect(film?.id).toMatch(OWN_ID)
  index.add(libraryFile('Film (2010) {imdb-tt1375666}.mkv'))
  expect(index.works('movie')).toMatchObject([{ id: 'tt1375666', year: 2010 }])
  expect(index.withId('movie', film?.id ?? '')).toMatchObject([{ id: 'tt1375666', files: { length: 2 } }])
  expect(index.withId('movie', 'tt1375666')).toMatchObject([{ files: { length: 2 } }])
})

test('a series is one entry with all its seasons, and not the film with the same title', () => {
  const index = indexOf('Show/Season 1/01.mkv', 'Show/Season 2/01.mkv', 'Show (2010).mkv')
  expect(index.works('episode')).toMatchObject([{ title: 'Show', files: { length: 2 } }])
  expect(index.works('movie')).toHaveLength(1)
  expect(index.withId('movie', index.works('episode')[0]?.id ?? '')).toEqual([])
})

test('a removed file leaves nothing in the index', () => {
  const file = libraryFile('Wonder Woman 1984 {imdb-tt7126948}.mkv')
  const index = new TitleIndex()
  index.add(file)
  index.remove(file)
  expect(index.works('movie')).toEqual([])
  expect(index.withId('movie', 'tt7126948')).toEqual([])
  expect(index.titled('movie', 'Wonder Woman 1984')).toEqual([])
  expect(index.has('movie')).toBe(false)
})

test('a year in a title may be a part of the title', () => {
  const index = indexOf('Wonder Woman 1984.mkv')
  expect(index.titled('movie', 'Wonder Woman 1984')).toMatchObject([{ year: undefined }])
  expect(index.titled('movie', 'Wonder Woman')).toMatchObject([{ year: 1984 }])
})
