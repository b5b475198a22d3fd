import { mkdir, realpath, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allowedPath } from '../../src/torrents/extra-paths.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a torrent may be put into a named folder and any below it, whether they exist yet or not', async () => {
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
])('it may not be put into %s, seen from there', async (way) => {
  await using folder = await temporaryFolder()
  const named = join(folder.path, 'named')
  await mkdir(named)
  await symlink(folder.path, join(named, 'link'))
  await symlink(join(folder.path, 'not there yet'), join(named, 'dangling'))
  await expect(allowedPath(join(named, way), [named])).rejects.toMatchObject({ code: 'torrent.bad_path' })
})

test('where no folder is named, it may not be put anywhere', async () => {
  await using folder = await temporaryFolder()
  await expect(allowedPath(folder.path, [])).rejects.toMatchObject({ code: 'torrent.bad_path' })
})
