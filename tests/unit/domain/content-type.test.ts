import { expect, test } from 'vitest'
import { contentTypeOf, isPlaceableVideo, isVideo } from '../../../src/domain/content-type.ts'

test.for([
  ['mp4', 'video/mp4', true],
  ['m4v', 'video/x-m4v', true],
  ['mov', 'video/quicktime', true],
  ['mkv', 'video/x-matroska', true],
  ['webm', 'video/webm', true],
  ['avi', 'video/x-msvideo', true],
  ['flv', 'video/x-flv', true],
  ['wmv', 'video/x-ms-wmv', false],
  ['mpg', 'video/mpeg', false],
  ['mpeg', 'video/mpeg', false],
  ['ts', 'video/mp2t', false],
  ['m2ts', 'video/mp2t', false],
  ['ogv', 'video/ogg', false],
  ['3gp', 'video/3gpp', false],
  ['3g2', 'video/3gpp2', false],
  ['vob', 'video/mpeg', false],
  ['mts', 'video/mp2t', false],
  ['m2t', 'video/mp2t', false],
  ['divx', 'video/x-msvideo', false],
  ['ogm', 'video/ogg', false],
  ['rmvb', 'application/vnd.rn-realmedia-vbr', false],
  ['rm', 'application/vnd.rn-realmedia', false],
  ['asf', 'video/x-ms-asf', false],
  ['mk3d', 'video/x-matroska', false],
] as const)('extension .%s has the content type %s', ([extension, type, isPlaceable]) => {
  for (const name of [`film.${extension}`, `FILM.${extension.toUpperCase()}`, `a.b.${extension}`]) {
    expect(contentTypeOf(name)).toBe(type)
    expect(isVideo(name)).toBe(true)
    expect(isPlaceableVideo(name)).toBe(isPlaceable)
  }
})

test.for([
  'film',
  'film.srt',
  'film.mkv.part',
  'film.mkv ',
  'film.mkv/',
  'mkv',
  '',
  '.',
  'film.',
  'a.mkv/b',
  'a.mkv\\b',
  'film.mp4?x',
  'a.constructor',
  'a.__proto__',
  'a.toString',
])('"%s" is not a video', (name) => {
  expect(contentTypeOf(name)).toBe('application/octet-stream')
  expect(isVideo(name)).toBe(false)
  expect(isPlaceableVideo(name)).toBe(false)
})
