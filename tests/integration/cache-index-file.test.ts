import { chmod, cp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { openCacheParts } from '../support/cache-parts.ts'
import { type EarlierRun, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { isComplete } from '../support/is-complete.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const KEPT = { isPinned: true, plays: 3, playsAt: 1_000, lastReadAt: 2_000, seeders: 7 }

function film(name: string, size = 300_000): EarlierRun['files'][number] {
  return { name, bytes: patternBytes(size, name) }
}

/** A download folder with some films. */
async function folderWith(...names: readonly string[]) {
  const folder = await temporaryFolder()
  const left = await Promise.all(
    names.map((name) => leaveCompleteTorrent({ root: folder.path, files: [film(name)], usage: KEPT })),
  )
  return { ...folder, left, database: join(folder.path, 'self-streme.db') }
}

async function openedOnce(root: string): Promise<void> {
  await using parts = await openCacheParts(root)
  await parts.index.flush()
}

describe('the index', () => {
  test('is read from its table when no folder has changed, without opening the folders', async () => {
    await using folder = await folderWith('One.mkv')
    await openedOnce(folder.path)
    const [one] = folder.left
    using database = new DatabaseSync(folder.database)
    database.exec(`UPDATE torrents SET contents = json_set(contents, '$.name', 'As the table says')`)
    await using parts = await openCacheParts(folder.path)
    expect(parts.index.find(one?.infoHash as InfoHash)?.name).toBe('As the table says')
  })

  test('has all torrents except one that cannot be read, and that one too once it can be', async () => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    const [one, two] = folder.left
    const usage = join(folder.path, one?.infoHash ?? '', '.self-streme', 'usage.json')
    const content = await readFile(usage)
    await rm(usage)
    // A link to itself: the system says ELOOP, which does not mean that nothing is there.
    await symlink(usage, usage)
    await using parts = await openCacheParts(folder.path, { isWatched: false })
    expect(parts.index.entries().map(({ contents }) => contents.infoHash)).toEqual([two?.infoHash])
    expect(parts.logged).toContain('warn: a torrent on disk cannot be read')

    await parts.index.check()
    expect(parts.index.entries()).toHaveLength(1)
    await rm(usage)
    await writeFile(usage, content)
    await parts.index.check()
    expect(parts.index.get(one?.infoHash as InfoHash)?.usage.isPinned).toBe(true)
  })

  test('keeps a torrent whose files cannot be checked', async () => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    const [one, two] = folder.left
    await using parts = await openCacheParts(folder.path, { isWatched: false })
    const before = parts.index.find(one?.infoHash as InfoHash)
    const path = join(folder.path, one?.infoHash ?? '', 'One.mkv')
    await rename(path, `${path}.aside`)
    await symlink(path, path)
    await rm(join(folder.path, two?.infoHash ?? '', 'Two.mkv'))
    await parts.index.check()
    expect(before?.files[0]?.wholeMtimeMs).toBeDefined()
    expect(parts.index.find(one?.infoHash as InfoHash)).toEqual(before)
    expect(parts.index.find(two?.infoHash as InfoHash)?.files).toEqual({})
  })

  test.for([
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
  ] as const)('with a file that %s is rebuilt from the folders, and nothing is lost', async ([, harm]) => {
    await using folder = await folderWith('One.mkv', 'Two.mkv')
    await openedOnce(folder.path)
    await harm(folder.database)
    for (const suffix of ['-wal', '-shm']) await rm(folder.database + suffix, { force: true })
    await using parts = await openCacheParts(folder.path)
    expect(parts.index.entries()).toHaveLength(2)
    for (const { usage, contents } of parts.index.entries()) {
      expect(usage).toMatchObject(KEPT)
      expect(await isComplete(contents)).toBe(true)
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
    await using parts = await openCacheParts(folder.path)
    expect(parts.index.entries()[0]?.usage.plays).toBe(5)
  })

  test('ignores a note with an impossible time', async () => {
    await using folder = await temporaryFolder()
    const { infoHash } = await leaveCompleteTorrent({
      root: folder.path,
      files: [film('One.mkv')],
      usage: { addedAt: 1e300, lastReadAt: 1e300, plays: 3 },
    })
    await using parts = await openCacheParts(folder.path)
    const { addedAt, lastReadAt, plays } = parts.index.get(infoHash as InfoHash)?.usage ?? {}
    expect(new Date(addedAt ?? Number.NaN).getFullYear()).toBeGreaterThan(2020)
    expect(new Date(lastReadAt ?? Number.NaN).getFullYear()).toBeGreaterThan(2020)
    expect(plays).toBe(0)
  })

  test("writes pins and plays into the torrent's own folder", async () => {
    await using folder = await folderWith('One.mkv')
    const infoHash = folder.left[0]?.infoHash as InfoHash
    {
      await using parts = await openCacheParts(folder.path)
      parts.index.change(infoHash, (usage) => ({ ...usage, isPinned: false }))
      parts.index.notePlay(infoHash, 0, 'tv')
      parts.index.notePlay(infoHash, 0, 'tv')
    }
    const text = await readFile(join(folder.left[0]?.directory ?? '', '.self-streme', 'usage.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ isPinned: false, seeders: 7 })
    expect(JSON.parse(text).plays).toBeCloseTo(1)
    expect(await readdir(join(folder.left[0]?.directory ?? '', '.self-streme'))).not.toContain(
      'usage.json.new',
    )
  })
})

describe("a file of the user's with the name of the index", () => {
  test.for<readonly [string, (path: string) => Promise<void> | void]>([
    ['is text', (path) => writeFile(path, 'my films\n')],
    ['is one byte', (path) => writeFile(path, 'S')],
    ['only begins like a database', (path) => writeFile(path, 'SQLite format 2\0'.padEnd(8_192, 'x'))],
    ['is many zeros', (path) => writeFile(path, Buffer.alloc(100_000))],
    ['is a database of another program', (path) => makeDatabase(path, 'CREATE TABLE notes (text)')],
    [
      'is a database with the same version number as ours',
      (path) => makeDatabase(path, 'CREATE TABLE notes (text); PRAGMA user_version = 1'),
    ],
  ])('is moved aside unchanged, and a new index is made: the file %s', async ([, make]) => {
    await using folder = await folderWith('One.mkv')
    await make(folder.database)
    await chmod(folder.database, 0o644)
    const before = await readFile(folder.database)
    const aside = `${folder.database}.not-self-streme`
    {
      await using parts = await openCacheParts(folder.path)
      await parts.index.flush()
      expect(parts.logged).toEqual([
        'warn: a file with the name of the index is not ours and was moved aside',
      ])
      expect(parts.index.entries()).toHaveLength(1)
    }
    expect((await readFile(aside)).equals(before)).toBe(true)
    expect((await stat(aside)).mode & 0o777).toBe(0o644)
    // The new one is ours.
    await using parts = await openCacheParts(folder.path)
    expect(parts.logged).toEqual([])
    expect((await readFile(aside)).equals(before)).toBe(true)
  })

  test('is moved aside with its journal, beside one that was moved before', async () => {
    await using folder = await folderWith('One.mkv')
    const aside = `${folder.database}.not-self-streme`
    await writeFile(`${aside}-wal`, 'another one')
    using database = new DatabaseSync(folder.database)
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE notes (text)')
    await cp(folder.database, join(folder.path, 'copy'))
    await cp(`${folder.database}-wal`, join(folder.path, 'copy-wal'))
    database.close()
    for (const suffix of ['', '-wal'])
      await rename(join(folder.path, `copy${suffix}`), `${folder.database}${suffix}`)
    await openedOnce(folder.path)
    expect(await readFile(`${aside}-wal`, 'utf8')).toBe('another one')
    using users = new DatabaseSync(`${aside}.2`)
    expect(users.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'notes' }])
  })
})

function makeDatabase(path: string, sql: string): void {
  using database = new DatabaseSync(path)
  database.exec(sql)
}
