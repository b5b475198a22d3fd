import { link, mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { listFolders } from '../../src/files/torrent-folder.ts'
import { userWith } from '../support/users-files.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('what was left unfinished goes after a day, be it a file or a folder, and not before, however old its content is', async () => {
  await using user = await userWith({ 'Film.mkv': Buffer.from('film') })
  const [film, folder] = [join(user.home, 'Film.mkv'), join(user.root, '.new-folder')]
  await mkdir(join(folder, 'content'), { recursive: true })
  await utimes(film, 1, 1)
  await link(film, join(folder, 'content', 'Film.mkv'))
  await utimes(folder, 1, 1)
  await link(film, join(user.root, '.new-file'))
  await writeFile(join(user.root, 'Mine.mkv'), 'mine')

  const there = async (inMs: number) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + inMs })
    await listFolders(user.root).finally(() => vi.useRealTimers())
    return (await readdir(user.root)).sort()
  }
  expect(await there(0)).toEqual(['.new-file', '.new-folder', 'Mine.mkv'])
  expect(await there(DAY_MS - 60_000)).toEqual(['.new-file', '.new-folder', 'Mine.mkv'])
  expect(await there(DAY_MS + 60_000)).toEqual(['Mine.mkv'])
  expect(await readdir(user.home)).toEqual(['Film.mkv'])
})
