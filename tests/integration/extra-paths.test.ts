import { mkdir, realpath, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allowedPath } from '../../src/torrents/extra-paths.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a torrent may be stored in a configured extra path and any folder below it, existing or not', async () => {
  await using folder = await temporaryFolder()
  const real = await realpath(folder.path)
  for (const way of ['', 'films', join('films', 'new', 'ones')]) {
    expect(await allowedPath(join(folder.path, way), [folder.path])).toBe(join(real, way))
  }
})

test.for([
  '..',
  join('..', 'beside'),
  join('films', '..', '..'),
  'link',
  join('link', 'new'),
  'dangling',
  join('dangling', 'new'),
])('a torrent may not be stored in %s, relative to the extra path', async (way) => {
  await using folder = await temporaryFolder()
  const named = join(folder.path, 'named')
  await mkdir(named)
  await symlink(folder.path, join(named, 'link'))
  await symlink(join(folder.path, 'not there yet'), join(named, 'dangling'))
  await expect(allowedPath(join(named, way), [named])).rejects.toMatchObject({ code: 'torrent.bad_path' })
})

test('without extra paths a torrent may not be stored anywhere else', async () => {
  await using folder = await temporaryFolder()
  await expect(allowedPath(folder.path, [])).rejects.toMatchObject({ code: 'torrent.bad_path' })
})
