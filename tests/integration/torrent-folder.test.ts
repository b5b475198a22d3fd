import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isOurs } from '../../src/storage/mark.ts'
import { makeTorrentFolder } from '../../src/storage/torrent-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a folder that is made for a viewer and for the library at once is made once, for both', async () => {
  await using folder = await temporaryFolder()
  const directory = join(folder.path, 'a'.repeat(40))
  await Promise.all(Array.from({ length: 20 }, () => makeTorrentFolder(directory)))
  expect(await isOurs(directory)).toBe(true)
  expect(await readdir(folder.path)).toHaveLength(1)
})
