import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/metainfo.ts'
import { Disk } from '../../src/engine/child/disk.ts'
import { PieceStore } from '../../src/engine/child/piece-store.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { openFilesOf } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { canMount, makeReadOnly, mountTmpfs } from '../support/tmpfs.ts'

const MIB = 1024 * 1024
const diskTest = test.skipIf(!canMount)

/** Two files; the second piece lies in both. */
const [first, second] = [patternBytes(1.5 * MIB, 'first'), patternBytes(1.5 * MIB, 'second')]
const bytes = Buffer.concat([first, second])
const pieces = [0, 1, 2].map((piece) => bytes.subarray(piece * MIB, (piece + 1) * MIB))
const info = parseMetainfo(
  bencode.encode({
    info: {
      name: 'Films',
      files: [
        { path: ['First.mkv'], length: first.length },
        { path: ['Second.mkv'], length: second.length },
      ],
      'piece length': MIB,
      pieces: Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest())),
    },
  }),
)

diskTest('pieces wait for room on a full disk, and are right when they are written', async () => {
  await using disk = await mountTmpfs(8 * MIB)
  await using opened = await openStore(disk.path)
  await disk.fillTo(0.5 * MIB)
  const writing = pieces.map((piece, index) => opened.put(index, piece))
  await expect.poll(() => opened.said).toEqual(['ENOSPC'])
  expect(opened.disk.mayFetch).toBe(false)
  // Nobody who wants to look after the disk is in the way.
  await expect.poll(() => openFilesOf(process.pid).filter((path) => path.startsWith(disk.path))).toEqual([])

  await disk.clear()
  opened.disk.retry()
  await Promise.all(writing)
  expect([opened.said, opened.disk.mayFetch]).toEqual([['ENOSPC', 'ready'], true])
  await opened.expectRight()
})

diskTest('pieces wait until a disk is no longer read-only', async () => {
  await using disk = await mountTmpfs(8 * MIB)
  await using opened = await openStore(disk.path)
  const readOnly = makeReadOnly(disk.path)
  const writing = pieces.map((piece, index) => opened.put(index, piece))
  await expect.poll(() => opened.said).toEqual(['EROFS'])
  readOnly[Symbol.dispose]()
  opened.disk.retry()
  await Promise.all(writing)
  expect(opened.said).toEqual(['EROFS', 'ready'])
  await opened.expectRight()
})

diskTest('a store is closed though pieces wait for room', async () => {
  await using disk = await mountTmpfs(2 * MIB)
  await using opened = await openStore(disk.path)
  await disk.fillTo(0)
  const writing = opened.put(0, pieces[0] as Buffer)
  await expect.poll(() => opened.said).toEqual(['ENOSPC'])
  await opened.store.closeFiles()
  await expect(writing).rejects.toThrow()
  expect([opened.said, opened.disk.isTaking]).toEqual([['ENOSPC', 'ready'], true])
})

test('a piece that cannot be written for another reason fails at once', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openStore(folder.path)
  await rm(opened.directory, { recursive: true })
  await writeFile(opened.directory, 'in its place')
  await expect(opened.put(0, pieces[0] as Buffer)).rejects.toMatchObject({ code: 'ENOTDIR' })
  expect(opened.said).toEqual([])
})

async function openStore(root: string) {
  const directory = join(root, 'a torrent')
  await mkdir(directory)
  const said: string[] = []
  const disk = new Disk()
  const store = new PieceStore(info, directory, [], disk, {
    damaged: (piece) => said.push(`${piece} is damaged`),
    diskFull: (refusal) => said.push(refusal),
    diskReady: () => said.push('ready'),
    replacing: async () => undefined,
  })
  return {
    directory,
    said,
    disk,
    store,
    put: promisify((piece: number, data: Uint8Array, done: (error: Error | null) => void) =>
      store.put(piece, data, done),
    ),
    async expectRight() {
      expectSameBytes(await readFile(join(directory, 'First.mkv')), first)
      expectSameBytes(await readFile(join(directory, 'Second.mkv')), second)
    },
    [Symbol.asyncDispose]: () => store.closeFiles(),
  }
}
