import { expect, test } from 'vitest'
import { createSourceNamer } from '../../../src/sources/source-namer.ts'

test('a source is called by its host and no more, and no two are called the same', () => {
  const nameOf = createSourceNamer()
  const urls = [
    'https://me:s3cret@a.org/s3cret/manifest.json?key=s3cret',
    'http://a.org:9117/x',
    'https://a.org/other',
  ]
  expect(urls.map(nameOf)).toEqual(['a.org', 'a.org:9117', 'a.org (2)'])
})
