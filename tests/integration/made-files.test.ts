import { cp, lstat, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { lockDownloadFolder } from '../../src/storage/download-lock.ts'
import { type FolderState, saveState } from '../../src/storage/folder-state.ts'
import { MadeFiles } from '../../src/storage/made-files.ts'
import { isOurs, writeNote } from '../../src/storage/mark.ts'
import { adoptFiles, findOwnFiles } from '../../src/storage/own-files.ts'
import {
  filePaths,
  listFolders,
  makeTorrentFolder,
  readLocation,
  writeLocation,
} from '../../src/storage/torrent-folder.ts'
import { IndexDatabase } from '../../src/torrent-index/index-database.ts'
import { INDEX_TABLE } from '../../src/torrent-index/torrent-table.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HASH = 'ab'.repeat(20) as InfoHash
const MARK = '.self-streme'
const TWO_FILES = {
  name: 'Films',
  files: ['Ours.mkv', 'Users.mkv'].map((name) => ({ path: [name], length: 5 })),
  'piece length': 16 * 1024,
  pieces: Buffer.alloc(20),
}

describe('the record of files that we made', () => {
  test('is read after a restart, after the folder was renamed and after a line was cut short', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, HASH)
    const file = await makeFile(directory, 'Film (1).mkv')
    await writeFile(join(directory, MARK, 'made'), '\n17958', { flag: 'a' })
    const other = await makeFile(directory, 'Other.mkv')
    await rename(directory, `${directory}.2`)
    const made = await MadeFiles.read(`${directory}.2`)
    expect([made?.has(file), made?.has(other)]).toEqual([true, true])
    expect(made?.has({ ...file, name: 'Else.mkv' })).toBe(false)
  })

  test('does not match another file with the same name', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, HASH)
    const { name } = await makeFile(directory, 'Film.mkv')
    const path = join(directory, name)
    await expect
      .poll(async () => {
        await writeFile(`${path}.new`, '')
        await rename(`${path}.new`, path)
        return (await MadeFiles.read(directory))?.has({ name, stats: await lstat(path) })
      })
      .toBe(false)
  })

  test('does not apply to a copied folder', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, HASH)
    await makeFile(directory, 'Film.mkv')
    await new Promise((resolve) => setTimeout(resolve, 20))
    await cp(directory, `${directory}.2`, { recursive: true })
    expect(await MadeFiles.read(`${directory}.2`)).toBeUndefined()
    expect(await MadeFiles.read(directory)).toBeDefined()
  })

  test("matches no file of the user's in a copy of the folder, even if it is noted as complete", async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, HASH)
    const info = parseMetainfo(bencode.encode({ info: TWO_FILES }))
    await makeFile(directory, 'Ours.mkv')
    await writeFile(join(directory, 'Users.mkv'), '')
    const whole: FolderState['whole'] = {}
    for (const [index, path] of filePaths(directory, info).entries()) {
      await writeFile(path, 'right')
      whole[index] = await stat(path)
    }
    await saveState(directory, { whole })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const copy = `${directory}.2`
    await cp(directory, copy, { recursive: true, preserveTimestamps: true })
    const states = filePaths(copy, info).map((path) => stat(path))
    for (const [index, state] of states.entries()) whole[index] = await state
    await saveState(copy, { whole })
    for (const isAdopted of [false, true]) {
      if (isAdopted) await adoptFiles(copy, info)
      const { ours, others } = await findOwnFiles(copy, info)
      expect(ours.map(({ name }) => name)).toEqual(['Ours.mkv'])
      expect(others).toEqual([join(copy, 'Users.mkv')])
    }
  })
})

describe('a folder is not ours', () => {
  test.for(['the mark', 'the folder', 'a folder on the way'])('when %s is a link', async (what) => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'way', HASH)
    await makeTorrentFolder(directory)
    expect(await isOurs(directory)).toBe(true)
    const path =
      { 'the mark': join(directory, MARK), 'the folder': directory }[what] ?? join(folder.path, 'way')
    await rename(path, join(folder.path, 'elsewhere'))
    await symlink(join(folder.path, 'elsewhere'), path)
    expect(await isOurs(directory)).toBe(false)
    await expect(writeNote(directory, 'state.json', '{}')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('when its mark is a file', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, MARK), '')
    expect(await isOurs(folder.path)).toBe(false)
  })
})

describe('the noted location of a torrent', () => {
  test('is taken when it is a folder of ours under an extra path, or a missing one', async () => {
    await using at = await openGrounds()
    const place = join(at.extra, 'films', HASH)
    await writeLocation(at.root, HASH, place)
    expect(await readLocation(at, HASH)).toBe(place)
    expect(await listFolders(at)).toEqual([])
    await makeTorrentFolder(place)
    expect(await readLocation(at, HASH)).toBe(place)
    expect(await listFolders(at)).toMatchObject([{ infoHash: HASH, directory: place }])
  })

  test('is resolved to its real path when the extra path became a link', async () => {
    await using at = await openGrounds()
    await makeTorrentFolder(join(at.extra, HASH))
    await writeLocation(at.root, HASH, join(at.extra, HASH))
    await rename(at.extra, `${at.extra}-moved`)
    await symlink(`${at.extra}-moved`, at.extra)
    expect(await readLocation(at, HASH)).toBe(join(`${at.extra}-moved`, HASH))
  })

  test.for<readonly [string, (at: Grounds) => Promise<string> | string]>([
    ['is not an absolute path', () => `extra/${HASH}`],
    ['is empty', () => ''],
    ['is binary', () => '/\0'],
    ['goes up out of an extra path', async (at) => `${at.extra}/../${await outside(at, HASH)}`],
    ['is outside', async (at) => join(at.base, await outside(at, HASH))],
    ['leads outside by a link', async (at) => viaLink(at)],
    ['is of another torrent', async (at) => ours(join(at.extra, 'cd'.repeat(20)))],
    ['is not that of a torrent', async (at) => ours(join(at.extra, 'films'))],
    [
      'is a folder of the user’s',
      async (at) => {
        await mkdir(join(at.extra, HASH))
        return join(at.extra, HASH)
      },
    ],
  ])('is not taken when it %s', async ([, place]) => {
    await using at = await openGrounds()
    await makeTorrentFolder(join(at.root, HASH))
    await writeFile(join(at.root, HASH, MARK, 'location'), await place(at))
    const said: string[] = []
    expect(await readLocation(at, HASH, (why) => said.push(why))).toBeUndefined()
    expect(said).toHaveLength(1)
    expect(await listFolders(at)).toEqual([])
  })
})

describe('a link or folder with the name of one of our files in the download folder', () => {
  test.for(['self-streme.db', 'self-streme.db-wal', 'self-streme.db-shm', 'self-streme.db-journal'])(
    'is not written through: %s',
    async (name) => {
      await using at = await openGrounds()
      const users = join(at.base, 'users')
      await writeFile(users, '')
      await symlink(users, join(at.root, name))
      const said: string[] = []
      const log = { ...SILENT, warn: (message: string) => void said.push(message) }
      using index = new IndexDatabase(at.root, [INDEX_TABLE], log)
      expect(index.change((database) => database.exec('DELETE FROM torrents'))).toBe(false)
      expect(said).toEqual(['the index cannot be saved and is kept in memory'])
      expect(await readFile(users, 'utf8')).toBe('')
      expect((await lstat(join(at.root, name))).isSymbolicLink()).toBe(true)
    },
  )

  test.for(['.self-streme.lock', '.self-streme.lock-journal'])(
    'keeps the server from starting: %s',
    async (name) => {
      await using at = await openGrounds()
      const users = join(at.base, 'users')
      await symlink(users, join(at.root, name))
      await expect(lockDownloadFolder(at.root)).rejects.toMatchObject({ code: 'folder.in_use' })
      await expect(lstat(users)).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  test('is kept with its content when it is a folder', async () => {
    await using at = await openGrounds()
    await mkdir(join(at.root, 'self-streme.db'))
    await writeFile(join(at.root, 'self-streme.db', 'mine'), 'mine')
    using index = new IndexDatabase(at.root, [INDEX_TABLE], SILENT)
    expect(index.use(() => true)).toBeUndefined()
    expect(await readFile(join(at.root, 'self-streme.db', 'mine'), 'utf8')).toBe('mine')
  })
})

const SILENT = { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 }

interface Grounds {
  readonly base: string
  readonly root: string
  readonly extra: string
  readonly extraPaths: readonly string[]
}

async function openGrounds(): Promise<Grounds & AsyncDisposable> {
  const folder = await temporaryFolder()
  const base = folder.path
  const [root, extra] = [join(base, 'downloads'), join(base, 'extra')]
  for (const path of [root, extra]) await mkdir(path)
  return {
    base,
    root,
    extra,
    extraPaths: [extra],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

async function makeFile(directory: string, name: string) {
  await makeTorrentFolder(directory)
  const path = join(directory, name)
  await writeFile(path, '')
  const file = { name, stats: await lstat(path) }
  await (await MadeFiles.read(directory))?.add(file)
  return file
}

async function ours(directory: string): Promise<string> {
  await makeTorrentFolder(directory)
  return directory
}

/** @returns its path from the base */
async function outside({ base }: Grounds, name: string): Promise<string> {
  await ours(join(base, 'outside', name))
  return join('outside', name)
}

async function viaLink(at: Grounds): Promise<string> {
  await outside(at, HASH)
  await symlink(join(at.base, 'outside'), join(at.extra, 'link'))
  return join(at.extra, 'link', HASH)
}
