import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { listFolders } from '../../src/storage/torrent-folder.ts'
import { makeUnfinishedFolder } from '../../src/storage/unfinished-folder.ts'
import { type User, userWith } from '../support/users-files.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('an unfinished folder is removed after a day and not before, however old its content is', async () => {
  await using user = await userWith({ 'Film.mkv': Buffer.from('film') })
  const film = join(user.home, 'Film.mkv')
  const folder = await makeUnfinishedFolder(user.root, 'import')
  await mkdir(join(folder, 'content'))
  await utimes(film, 1, 1)
  await link(film, join(folder, 'content', 'Film.mkv'))
  await utimes(folder, 1, 1)
  // Cut short before anything was in it.
  await mkdir(join(user.root, `.new-import-${randomUUID()}`))
  await writeFile(join(user.root, 'Mine.mkv'), 'mine')

  expect(await namesAfter(user, 0)).toHaveLength(3)
  expect(await namesAfter(user, DAY_MS - 60_000)).toHaveLength(3)
  expect(await namesAfter(user, DAY_MS + 60_000)).toEqual(['Mine.mkv'])
  expect(await readdir(user.home)).toEqual(['Film.mkv'])
})

test('a folder that only has such a name is the user’s, and stays', async () => {
  await using user = await userWith({
    'Film.mkv': Buffer.from('film'),
    '.self-streme/note': Buffer.from('note'),
  })
  const named = () => `.new-import-${randomUUID()}`
  await link(join(user.home, 'Film.mkv'), join(user.root, named()))
  await symlink(user.home, join(user.root, named()))
  await mkdir(join(user.root, '.new-films', '.self-streme'), { recursive: true })
  const withFilm = join(user.root, named())
  await mkdir(withFilm)
  await link(join(user.home, 'Film.mkv'), join(withFilm, 'Film.mkv'))
  const before = (await readdir(user.root)).sort()

  expect(await namesAfter(user, DAY_MS + 60_000)).toEqual(before)
  expect(await readdir(withFilm)).toEqual(['Film.mkv'])
  expect((await readdir(user.home)).sort()).toEqual(['.self-streme', 'Film.mkv'])
})

/** The content of the download folder after the server listed it at a later time. */
async function namesAfter({ root }: User, inMs: number): Promise<string[]> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + inMs })
  await listFolders({ root, extraPaths: [] }).finally(() => vi.useRealTimers())
  return (await readdir(root)).sort()
}
