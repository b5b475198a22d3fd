import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { writeFileAtomic } from '../../src/files/write-file-atomic.ts'
import type { Log } from '../../src/observe/log.ts'
import { lockDownloadFolder } from '../../src/storage/download-lock.ts'
import { makeTorrentFolder, writeLocation } from '../../src/storage/torrent-folder.ts'
import { IndexDatabase } from '../../src/torrent-index/index-database.ts'
import { INDEX_TABLE } from '../../src/torrent-index/torrent-table.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { canMount, makeReadOnly, mountTmpfs } from '../support/tmpfs.ts'

const MIB = 1024 * 1024
const INFO_HASH = 'ab'.repeat(20) as InfoHash
const diskTest = test.skipIf(!canMount)

diskTest('a note that does not fit on the disk leaves the old one, and nothing else', async () => {
  await using disk = await mountTmpfs(MIB)
  const note = join(disk.path, 'note')
  await writeFileAtomic(note, 'old')
  await disk.fillTo(4096)
  await expect(writeFileAtomic(note, Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await readdir(disk.path)).toEqual(['mine.bin', 'note'])
  expect(await readFile(note, 'utf8')).toBe('old')
})

diskTest('a folder that does not fit on the disk is not started', async () => {
  await using disk = await mountTmpfs(MIB)
  await disk.fillTo(0)
  await expect(writeLocation(disk.path, INFO_HASH, '/elsewhere')).rejects.toMatchObject({ code: 'disk.full' })
  using _readOnly = makeReadOnly(disk.path)
  await expect(makeTorrentFolder(join(disk.path, INFO_HASH))).rejects.toMatchObject({
    code: 'disk.read_only',
  })
  expect(await readdir(disk.path)).toEqual(['mine.bin'])
})

diskTest.for(['full', 'read-only'])(
  'a good index on a %s disk is kept unchanged, and used again when it can be written',
  async (how) => {
    await using disk = await mountTmpfs(MIB)
    const log = remembered()
    {
      using before = new IndexDatabase(disk.path, [INDEX_TABLE], log)
      expect(before.change(addRow)).toBe(true)
    }
    using index = new IndexDatabase(disk.path, [INDEX_TABLE], log)
    {
      if (how === 'full') await disk.fillTo(0)
      using _readOnly = how === 'full' ? undefined : makeReadOnly(disk.path)
      expect(index.change(addRow)).toBe(false)
      expect(index.use(countRows)).toBeUndefined()
    }
    if (how === 'full') await disk.clear()
    expect(index.use(countRows)).toBe(1)
    expect(log.said).toEqual([
      'warn: the index cannot be saved and is kept in memory',
      'info: the index can be saved again',
    ])
  },
)

test.for([
  [
    'is another file',
    'not an index at all',
    'a file with the name of the index is not ours and was moved aside',
  ],
  ['is broken', ''.padEnd(10_000, 'SQLite format 3\0'), 'index rebuilt'],
] as const)('an index that %s is rebuilt, and the log says so', async ([, content, said]) => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'self-streme.db'), content)
  const log = remembered()
  using index = new IndexDatabase(folder.path, [INDEX_TABLE], log)
  expect(index.change(addRow)).toBe(true)
  expect(index.use(countRows)).toBe(1)
  expect(log.said).toEqual([`warn: ${said}`])
})

diskTest('a download folder on a full disk can be locked', async () => {
  await using disk = await mountTmpfs(MIB)
  await disk.fillTo(0)
  using lock = await lockDownloadFolder(disk.path, remembered())
  expect(lock.isHeld()).toBe(true)
  await expect(lockDownloadFolder(disk.path, remembered())).rejects.toMatchObject({ code: 'folder.in_use' })
})

diskTest(
  'of two servers on a read-only disk one gets the lock once it is writable, and the other says so',
  async () => {
    await using disk = await mountTmpfs(MIB)
    const log = remembered()
    const readOnly = makeReadOnly(disk.path)
    using one = await lockDownloadFolder(disk.path, log)
    using other = await lockDownloadFolder(disk.path, log)
    expect([one.isHeld(), other.isHeld()]).toEqual([false, false])
    readOnly[Symbol.dispose]()
    expect([one.isHeld(), other.isHeld(), other.isHeld()]).toEqual([true, false, false])
    expect(log.said).toEqual(['error: downloads and clean-up are off'])
  },
)

function addRow(database: DatabaseSync): void {
  database.exec(`INSERT OR IGNORE INTO torrents VALUES ('${INFO_HASH}', 1, '{}', '{}')`)
}

function countRows(database: DatabaseSync): number {
  return database.prepare('SELECT * FROM torrents').all().length
}

function remembered(): Log & { readonly said: string[] } {
  const said: string[] = []
  const note = (level: string) => (message: string) => void said.push(`${level}: ${message}`)
  return { said, error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') }
}
