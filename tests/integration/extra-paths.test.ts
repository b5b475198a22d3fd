import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
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

test.for([
  ['new\0', /null character/],
  ['a'.repeat(300), /name of more than 255 bytes/],
  [join('new', 'ä'.repeat(128)), /name of more than 255 bytes/],
  ['d/'.repeat(65), /more than 64 folders below/],
  ['d/'.repeat(1_900), /longer than 2048 bytes/],
  ['file', /is a file/],
  [join('file', 'new'), /below a file/],
  ['itself', /leads back to itself/],
  [join('itself', 'new'), /leads back to itself/],
  ['through nothing', /leads back to itself/],
] as const)('%j is refused as a path, with the reason', async ([way, reason]) => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  await symlink('itself', join(folder.path, 'itself'))
  await symlink(join('nothing', '..', 'through nothing'), join(folder.path, 'through nothing'))
  await expect(allowedPath(`${folder.path}/${way}`, [folder.path])).rejects.toMatchObject({
    code: 'torrent.bad_path',
    message: expect.stringMatching(reason),
  })
})

test('a path may be 64 folders deep below an extra path', async () => {
  await using folder = await temporaryFolder()
  const way = Array(64).fill('d').join('/')
  expect(await allowedPath(join(folder.path, way), [folder.path])).toBe(
    join(await realpath(folder.path), way),
  )
})
