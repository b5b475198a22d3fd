import { expect, test } from 'vitest'
import { createSourceNamer } from '../../../src/sources/remote-sources.ts'

test('a source is named by its host only, and no two sources have the same name', () => {
  const nameOf = createSourceNamer()
  const urls = [
    'https://me:s3cret@a.org/s3cret/manifest.json?key=s3cret',
    'http://a.org:9117/x',
    'https://a.org/other',
  ]
  expect(urls.map(nameOf)).toEqual(['a.org', 'a.org:9117', 'a.org (2)'])
})
