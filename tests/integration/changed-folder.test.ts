import { mkdir, open, readdir, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { writeFileAtomic } from '../../src/files/write-file-atomic.ts'
import { type CacheParts, openCacheParts } from '../support/cache-parts.ts'
import { type LeftFolder, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { isComplete } from '../support/is-complete.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const film = patternBytes(MIB + 123)
const small = patternBytes(300_000, 'small')
const files = [
  { name: 'Film.mkv', bytes: film },
  { name: 'Small.mkv', bytes: small },
]
const DATABASE = 'self-streme.db'

describe('torrents of an earlier run are known at once', () => {
  test.for([
    ['from the index', async () => undefined],
    ['without the database', (root: string) => rm(join(root, DATABASE))],
    ['with a partly overwritten database', damage],
    ['with a file that is not a database', (root: string) => writeFile(join(root, DATABASE), 'films')],
    ['with an empty database', (root: string) => writeFile(join(root, DATABASE), '')],
    ['with a folder in its place', replaceByFolder],
  ] as const)('%s', async ([, harm]) => {
    await using folder = await temporaryFolder()
    const { path: root } = folder
    const usage = { plays: 3.5, playsAt: 1_000, isPinned: true, origin: 'imported', seeders: 4 } as const
    const left = await leaveCompleteTorrent({ root, files, lastReadAt: 5_000, usage })
    let before: readonly unknown[]
    {
      await using parts = await openCacheParts(root)
      before = parts.index.entries()
    }
    await harm(root)
    await using parts = await openCacheParts(root)
    expect(parts.index.entries()).toMatchObject(before)
    const entry = parts.index.get(left.infoHash as InfoHash)
    expect(entry?.usage).toMatchObject({ ...usage, lastReadAt: 5_000 })
    expect(await isComplete(entry?.contents)).toBe(true)
    expect(entry?.contents).toMatchObject({ mainFile: 0, length: film.length + small.length })
    expect(entry?.contents.bytesOnDisk).toBeGreaterThanOrEqual(film.length + small.length)
  })

  test('without those that were removed, changed or added in the meantime', async () => {
    await using folder = await temporaryFolder()
    const { path: root } = folder
    const gone = await leave(root, 'gone')
    const changed = await leave(root, 'changed')
    {
      await using parts = await openCacheParts(root)
      expect(namesIn(parts)).toEqual(['changed', 'gone'])
    }
    await rm(gone.directory, { recursive: true })
    await writeFileAtomic(join(changed.directory, '.self-streme', 'state.json'), '{"whole":{}}')
    await leave(root, 'brought')
    await using parts = await openCacheParts(root)
    expect(namesIn(parts)).toEqual(['brought', 'changed'])
    expect(await isComplete(parts.index.find(changed.infoHash as InfoHash))).toBe(false)
  })
})

describe('while the server runs', () => {
  test('a torrent that is added to the folder is found, and one that is removed is dropped', async () => {
    await using folder = await temporaryFolder()
    const { path: root } = folder
    const first = await leave(root, 'first')
    await using parts = await openCacheParts(root)
    const second = await leave(join(root, '.new-elsewhere'), 'second')
    await rename(second.directory, join(root, second.infoHash))
    await expect.poll(() => namesIn(parts)).toEqual(['first', 'second'])
    await rename(first.directory, join(root, 'aside'))
    await expect.poll(() => namesIn(parts)).toEqual(['second'])
    await rename(join(root, 'aside'), first.directory)
    await expect.poll(() => namesIn(parts)).toEqual(['first', 'second'])
    await rm(first.directory, { recursive: true })
    await rm(join(root, second.infoHash), { recursive: true })
    await expect.poll(() => namesIn(parts)).toEqual([])
  })

  test('the same changes are noticed by a check when there is no notification', async () => {
    await using folder = await temporaryFolder()
    const { path: root } = folder
    const first = await leave(root, 'first')
    await using parts = await openCacheParts(root, { isWatched: false })
    await rm(first.directory, { recursive: true })
    await leave(root, 'second')
    expect(namesIn(parts)).toEqual(['first'])
    await Promise.all([parts.index.check(), parts.index.check(), parts.index.look(first.infoHash)])
    expect(namesIn(parts)).toEqual(['second'])
    expect(parts.logged).toEqual([
      'info: torrent found in the download folder',
      'info: torrents removed by another program',
    ])
  })

  test('a file that is removed no longer counts, until it is back', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({ root: folder.path, files })
    await using parts = await openCacheParts(folder.path)
    const contents = () => parts.index.find(left.infoHash as InfoHash)
    const [film0 = ''] = left.paths
    const before = contents()
    await rename(film0, join(folder.path, 'aside'))
    await parts.index.check()
    expect(contents()).toMatchObject({ files: { 1: { name: 'Small.mkv' } } })
    expect(await isComplete(contents())).toBe(false)
    expect(Object.keys(contents()?.files ?? {})).toEqual(['1'])
    expect(contents()?.bytesOnDisk).toBeLessThan(film.length)
    const without = contents()
    await parts.index.check()
    expect(contents()).toBe(without)

    await rename(join(folder.path, 'aside'), film0)
    await parts.index.check()
    expect(contents()).toEqual(before)
  })

  test('a file that is changed no longer counts', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({ root: folder.path, files })
    await using parts = await openCacheParts(folder.path)
    const before = parts.index.entries()
    await parts.index.check()
    expect(parts.index.entries()).toEqual(before)
    await utimes(left.paths[1] ?? '', 1, 1)
    await parts.index.check()
    const [entry] = parts.index.entries()
    expect(await isComplete(entry?.contents)).toBe(false)
    expect(Object.keys(entry?.contents.files ?? {})).toEqual(['0'])
  })

  test('a torrent that we remove ourselves is not reported as removed by another program', async () => {
    await using folder = await temporaryFolder()
    const left = await leave(folder.path, 'Film')
    await using parts = await openCacheParts(folder.path)
    await rm(left.directory, { recursive: true })
    parts.index.forget(left.infoHash as InfoHash)
    await parts.index.look(left.infoHash)
    await parts.index.check()
    expect(parts.logged).toEqual([])
  })

  test('a disk that is away for a while loses nothing', async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'downloads')
    await mkdir(root)
    const left = await leave(root, 'Film')
    await using parts = await openCacheParts(root)
    await rename(root, `${root}-away`)
    await expect(parts.index.check()).rejects.toMatchObject({ code: 'ENOENT' })
    expect(namesIn(parts)).toEqual(['Film'])
    await rename(`${root}-away`, root)
    await parts.index.check()
    expect(namesIn(parts)).toEqual(['Film'])
    expect(await readdir(left.directory)).toContain('Film.mkv')
  })
})

async function leave(root: string, name: string): Promise<LeftFolder> {
  return leaveCompleteTorrent({ root, files: [{ name: `${name}.mkv`, bytes: small }] })
}

/** Names of torrents on disk, as the index has them. */
function namesIn({ index }: CacheParts): string[] {
  return index
    .entries()
    .map(({ contents }) => contents.name.replace('.mkv', ''))
    .sort()
}

async function damage(root: string): Promise<void> {
  const path = join(root, DATABASE)
  const { size } = await stat(path)
  await using file = await open(path, 'r+')
  await file.write(patternBytes(size - 200), 0, size - 200, 200)
}

async function replaceByFolder(root: string): Promise<void> {
  await unlink(join(root, DATABASE))
  await mkdir(join(root, DATABASE))
  await writeFile(join(root, DATABASE, 'file'), '')
}
