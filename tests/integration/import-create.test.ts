import { once } from 'node:events'
import { link, readdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportProgress } from '../../src/import/context.ts'
import { readContents } from '../../src/storage/contents.ts'
import { readMetainfo, tryParse } from '../../src/storage/torrent-folder.ts'
import { doImport } from '../support/import.ts'
import { isComplete } from '../support/is-complete.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder } from '../support/swarm.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const FILES = {
  'Season 1/A first one.mkv': patternBytes(2 * MIB + 1_000, 'one'),
  'Season 1/B/second.mkv': patternBytes(3 * MIB + 2_000, 'two'),
  'Season 1/B.nfo': Buffer.from('about it'),
  'Season 1/c.mkv': patternBytes(MIB, 'three'),
}

test.skipIf(!hasSeeder).for([
  ['a file', 'Season 1/c.mkv', undefined],
  // Names in a folder are sorted by their bytes, and a subfolder stands where its name does.
  ['a folder', 'Season 1', ['A first one.mkv', 'B/second.mkv', 'B.nfo', 'c.mkv']],
] as const)('a torrent of %s has the info hash that libtorrent computes', async ([, name, files]) => {
  await using user = await userWith(FILES)
  const path = join(user.home, name)
  const { imported, skipped } = await create(user.root, path)
  expect(skipped).toEqual([])
  const [{ infoHash, directory } = { infoHash: undefined, directory: '' }] = imported
  const info = await tryParse((await readMetainfo(directory)) ?? new Uint8Array())
  const pieceLength = info?.pieceLength ?? 0
  const theirs = makeTorrentFile({ path, pieceLength, ...(files ? { files } : {}) })
  expect(infoHash).toBe(theirs.infoHash)
})

test('a new torrent is complete, and each of its bytes was hashed once', async () => {
  await using user = await userWith(FILES)
  const steps: ImportProgress[] = []
  const { imported } = await create(user.root, join(user.home, 'Season 1'), {}, (step) => steps.push(step))
  const [{ infoHash, directory, files } = {}] = imported
  expect(files?.map(({ how }) => how)).toEqual(['hard link', 'hard link', 'hard link', 'hard link'])
  const contents = infoHash && directory ? await readContents({ infoHash, directory }) : undefined
  expect(await isComplete(contents)).toBe(true)
  const length = Object.values(FILES).reduce((sum, { length }) => sum + length, 0)
  expect(steps.at(-1)).toEqual({ step: 'hashing', doneBytes: length, totalBytes: length })
  const done = steps.map(({ doneBytes }) => doneBytes)
  expect(done).toEqual([...done].sort((a, b) => a - b))
})

test('hidden files and junk are left out and reported', async () => {
  const junk = {
    'F/Thumbs.db': Buffer.from('x'),
    'F/.hidden': Buffer.from('x'),
    'F/.git/config': Buffer.from('x'),
  }
  await using user = await userWith({ 'F/Film.mkv': patternBytes(MIB), ...junk })
  const { imported, skipped } = await create(user.root, join(user.home, 'F'))
  expect(imported[0]?.files.map(({ from }) => from)).toEqual([join(user.home, 'F', 'Film.mkv')])
  expect(skipped).toEqual([
    { path: join(user.home, 'F', '.git'), why: 'it is hidden' },
    { path: join(user.home, 'F', '.hidden'), why: 'it is hidden' },
    { path: join(user.home, 'F', 'Thumbs.db'), why: 'it is a junk file of the operating system' },
  ])
})

test('a new torrent may be given a name, and its magnet link has the trackers', async () => {
  await using user = await userWith({ 'x.mkv': patternBytes(MIB) })
  const trackers = ['udp://tracker.example.org:1337/announce', 'https://other.example.org/announce']
  const path = join(user.home, 'x.mkv')
  const { imported } = await create(user.root, path, { name: 'My film', trackers })
  const [{ infoHash, magnet, files } = {}] = imported
  expect(files?.[0]?.to).toBe(join(user.root, String(infoHash), 'My film.mkv'))
  const asked = trackers.map((url) => `&tr=${encodeURIComponent(url)}`).join('')
  expect(magnet).toBe(`magnet:?xt=urn:btih:${infoHash}${asked}`)
  const named = await create(user.root, path)
  expect(named.imported[0]?.infoHash).not.toBe(infoHash)
})

test.for([
  ['a socket', makeSocket, 'neither a file nor a folder'],
  ['a link to a folder', (path: string) => symlink('.', path), 'a link to a folder'],
  ['a link to nothing', (path: string) => symlink('nothing', path), 'dangling link'],
] as const)('%s in a folder is reported, and no torrent is made of the folder', async ([, make, why]) => {
  await using user = await userWith({ 'F/Film.mkv': patternBytes(MIB) })
  const path = join(user.home, 'F')
  await make(join(path, 'odd'))
  const { imported, skipped } = await create(user.root, path)
  expect(imported).toEqual([])
  expect(skipped).toEqual([
    { path, why: expect.stringMatching(new RegExp(`remove .*odd from the folder first.*${why}`)) },
  ])
  expect(await readdir(user.root)).toEqual([])
})

test.for([
  ['holds nothing', {}, 'there are no files in'],
  ['holds only empty files', { 'F/a.mkv': Buffer.alloc(0) }, 'all files are empty'],
] as const)('no torrent is made of a folder that %s', async ([, files, why]) => {
  await using user = await userWith({ 'F/.hidden': Buffer.from('x'), ...files })
  const path = join(user.home, 'F')
  const { imported, skipped } = await create(user.root, path)
  expect([imported, skipped]).toEqual([[], [{ path, why: expect.stringContaining(why) }]])
})

test('making the same torrent again reports that it is already there', async () => {
  await using user = await userWith(FILES)
  const path = join(user.home, 'Season 1')
  await create(user.root, path)
  const { imported } = await create(user.root, path)
  expect(new Set(imported[0]?.files.map(({ how }) => how))).toEqual(new Set(['already there']))
})

function create(
  root: string,
  path: string,
  wanted: { readonly name?: string; readonly trackers?: readonly string[] } = {},
  onProgress: (progress: ImportProgress) => void = () => undefined,
) {
  return doImport(root, { kind: 'create', torrents: [{ path, trackers: [], ...wanted }] }, { onProgress })
}

/** Leaves a socket without a listener. */
async function makeSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.tmp`)
  await once(server, 'listening')
  await link(`${path}.tmp`, path)
  server.close()
  await once(server, 'close')
}
