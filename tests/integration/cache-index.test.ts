import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { openCacheIndex } from '../../src/cache/cache-index.ts'
import type { InfoHash } from '../../src/domain/info-hash.ts'
import { createLog } from '../../src/observe/log.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type EarlierRun, leaveWholeTorrent } from './earlier-run.ts'

const log = createLog({ level: 'error', format: 'text' })
const KEPT = { isPinned: true, plays: 3, playsAt: 1_000, lastReadAt: 2_000, seeders: 7 }

function film(name: string, size = 300_000): EarlierRun['files'][number] {
  return { name, bytes: patternBytes(size, name) }
}

/** A download folder with some films in it. */
async function folderWith(...names: readonly string[]) {
  const folder = await temporaryFolder()
  const left = await Promise.all(
    names.map((name) => leaveWholeTorrent({ root: folder.path, files: [film(name)], usage: KEPT })),
  )
  return { ...folder, left, database: join(folder.path, 'self-streme.db') }
}

async function openedOnce(root: string): Promise<void> {
  await using index = await openCacheIndex(root, log)
  await index.flush()
}

describe('the index', () => {
  test('knows of each torrent what there is of it, and how it was used', async () => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    await using index = await openCacheIndex(folder.path, log)
    expect(
      index
        .entries()
        .map(({ contents }) => contents.name)
        .sort(),
    ).toEqual(['One.mkv', 'Two.mkv'])
    const [one] = folder.left
    const entry = index.get(one?.infoHash as InfoHash)
    expect(entry?.usage).toEqual({ ...KEPT, addedAt: expect.any(Number), origin: 'watched' })
    expect(entry?.contents).toMatchObject({
      directory: one?.directory,
      length: 300_000,
      mainFile: 0,
      isWhole: true,
    })
    expect(entry?.contents.files).toMatchObject({
      0: { path: one?.paths[0], size: 300_000, bytesThere: 300_000 },
    })
    expect(entry?.contents.bytesOnDisk).toBeGreaterThanOrEqual(300_000)
  })

  test('of folders that nobody touched is read out of its table, without opening them', async () => {
    await using folder = await folderWith('One.mkv')
    await openedOnce(folder.path)
    const [one] = folder.left
    using database = new DatabaseSync(folder.database)
    database.exec(`UPDATE torrents SET contents = json_set(contents, '$.name', 'As the table says')`)
    await using index = await openCacheIndex(folder.path, log)
    expect(index.find(one?.infoHash as InfoHash)?.name).toBe('As the table says')
  })

  test.for([
    ['is missing', (path: string) => rm(path)],
    ['is empty', (path: string) => writeFile(path, '')],
    ['is no database', (path: string) => writeFile(path, patternBytes(50_000, 'junk'))],
    [
      'lost its middle',
      async (path: string) => {
        const bytes = await readFile(path)
        await writeFile(path, bytes.fill(0xff, 2_000, bytes.length - 100))
      },
    ],
    ['was cut short', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 5_000))],
    [
      'is of another version',
      async (path: string) => {
        using database = new DatabaseSync(path)
        database.exec('DROP TABLE torrents; CREATE TABLE torrents (a TEXT); PRAGMA user_version = 99')
      },
    ],
    [
      'holds rubbish',
      async (path: string) => {
        using database = new DatabaseSync(path)
        database.exec(`UPDATE torrents SET contents = '{"a', usage = 'x'`)
      },
    ],
  ] as const)('whose file %s is made anew from the folders, and nothing is lost', async ([, harm]) => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    await openedOnce(folder.path)
    await harm(folder.database)
    for (const suffix of ['-wal', '-shm']) await rm(folder.database + suffix, { force: true })
    await using index = await openCacheIndex(folder.path, createLog({ level: 'error', format: 'text' }))
    expect(index.entries()).toHaveLength(2)
    for (const { usage, contents } of index.entries()) {
      expect(usage).toMatchObject(KEPT)
      expect(contents.isWhole).toBe(true)
    }
  })

  test('reads a folder again that was written to after its table', async () => {
    await using folder = await folderWith('One.mkv')
    await openedOnce(folder.path)
    const [one] = folder.left
    const usage = join(one?.directory ?? '', '.self-streme', 'usage.json')
    const text = (await readFile(usage, 'utf8')).replace('"plays":3', '"plays":5')
    await writeFile(`${usage}.new`, text)
    await rename(`${usage}.new`, usage)
    await using index = await openCacheIndex(folder.path, log)
    expect(index.entries()[0]?.usage.plays).toBe(5)
  })

  test('writes pins and plays into the folder of the torrent itself', async () => {
    await using folder = await folderWith('One.mkv')
    const infoHash = folder.left[0]?.infoHash as InfoHash
    {
      await using index = await openCacheIndex(folder.path, log)
      index.change(infoHash, (usage) => ({ ...usage, isPinned: false }))
      index.notePlay(infoHash, 0, 'tv')
      index.notePlay(infoHash, 0, 'tv')
    }
    const text = await readFile(join(folder.left[0]?.directory ?? '', '.self-streme', 'usage.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ isPinned: false, seeders: 7 })
    expect(JSON.parse(text).plays).toBeCloseTo(1)
    expect(await readdir(join(folder.left[0]?.directory ?? '', '.self-streme'))).not.toContain(
      'usage.json.new',
    )
  })
})

describe('a look at the folder', () => {
  test('finds what somebody brought, and misses what somebody took away', async () => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    await using index = await openCacheIndex(folder.path, log)
    const [one] = folder.left
    await rm(one?.directory ?? '', { recursive: true })
    const third = await leaveWholeTorrent({ root: folder.path, files: [film('Three.mkv')] })
    await index.check()
    expect(
      index
        .entries()
        .map(({ contents }) => contents.name)
        .sort(),
    ).toEqual(['Three.mkv', 'Two.mkv'])
    expect(index.find(third.infoHash as InfoHash)?.isWhole).toBe(true)
  })

  test('no longer counts a film as whole that was moved away or written to', async () => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    await using index = await openCacheIndex(folder.path, log)
    const [one, two] = folder.left
    await rename(one?.paths[0] ?? '', join(folder.path, 'My own now.mkv'))
    await writeFile(two?.paths[0] ?? '', patternBytes(300_000, 'something else'))
    await index.check()
    for (const { contents } of index.entries()) expect(contents).toMatchObject({ isWhole: false, files: {} })
  })
})
