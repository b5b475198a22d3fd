import { open, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { HandleLimit } from '../../src/files/handle-limit.ts'
import { OpenFiles } from '../../src/files/open-files.ts'
import { OpenOnce } from '../../src/files/open-once.ts'
import { forEachParallel } from '../../src/lib/for-each-parallel.ts'
import { syncFiles } from '../../src/storage/folder-state.ts'
import { openIn, watchCount } from '../support/open-count.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Open files in this process. */
const MOST_OPEN = 128

test('many files of a torrent are synced to disk with a limited number of them open', async () => {
  await using folder = await temporaryFolder()
  const paths = await makeFiles(folder.path, 2_000)
  using watched = watchCount(() => openIn(folder.path))
  await syncFiles(paths)
  expect(watched.most()).toBeLessThanOrEqual(MOST_OPEN)
})

test('many files are used at once in any order, none is closed while in use, and all are read correctly', async () => {
  await using folder = await temporaryFolder()
  const limit = new HandleLimit(4)
  const paths = await makeFiles(folder.path, 40)
  const files = paths.map((path) => new OpenOnce(() => open(path), limit))
  const random = seededRandom(1)
  using watched = watchCount(() => openIn(folder.path))
  await Promise.all(
    Array.from({ length: 2_000 }, async () => {
      const at = random.int(files.length)
      const file = files[at] as OpenOnce
      if (random.oneIn(20)) return file.release()
      await file.use(async (handle) => {
        for (let reads = random.int(3); reads >= 0; reads--) {
          const bytes = Buffer.alloc(20)
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0)
          expect(bytes.toString('utf8', 0, bytesRead)).toBe(String(at))
          await turn()
        }
      })
    }),
  )
  expect(watched.most()).toBeGreaterThan(1)
  expect(watched.most()).toBeLessThanOrEqual(4)
  await Promise.all(files.map((file) => file.release()))
  expect(openIn(folder.path)).toBe(0)
})

test('the least recently used file is the one that is closed', async () => {
  await using folder = await temporaryFolder()
  const limit = new HandleLimit(2)
  const [first, second, third] = (await makeFiles(folder.path, 3)).map(
    (path) => new OpenOnce(() => open(path), limit),
  ) as [OpenOnce, OpenOnce, OpenOnce]
  const touch = (file: OpenOnce) => file.use(async () => undefined)
  for (const file of [first, second, first, third]) await touch(file)
  expect([first, second, third].map(({ isOpen }) => isOpen)).toEqual([true, false, true])
})

test('files that cannot be opened do not count as open', async () => {
  await using folder = await temporaryFolder()
  const limit = new HandleLimit(1)
  const missing = new OpenOnce(() => open(join(folder.path, 'missing')), limit)
  for (let times = 0; times < 3; times++) await expect(missing.use(async () => undefined)).rejects.toThrow()
  await expect(
    limit.use(
      () => open(join(folder.path, 'missing')),
      async () => undefined,
    ),
  ).rejects.toThrow()
  const [path] = (await makeFiles(folder.path, 1)) as [string]
  await new OpenOnce(() => open(path), limit).use(async () => undefined)
})

test('paused readers lend their handles to others, and continue in the same file', async () => {
  await using folder = await temporaryFolder()
  const files = new OpenFiles(new HandleLimit(3))
  const paths = await makeFiles(folder.path, 20)
  const opened = []
  for (const path of paths) opened.push(await files.open(path, await stat(path)))
  expect(openIn(folder.path)).toBeLessThanOrEqual(3)
  const texts: string[] = []
  await forEachParallel([...opened.entries()], async ([at, { handle, size }]) => {
    const bytes = Buffer.alloc(size)
    await handle.read(bytes, 0, size, 0)
    texts[at] = bytes.toString()
  })
  expect(texts).toEqual(paths.map((_, at) => String(at)))

  const [first] = opened
  await rename(paths[1] as string, paths[0] as string)
  await expect(first?.handle.read(Buffer.alloc(1), 0, 1, 0)).rejects.toMatchObject({ code: 'media.damaged' })
})

async function makeFiles(folder: string, count: number): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, at) => join(folder, `${at}.mkv`))
  await forEachParallel([...paths.entries()], ([at, path]) => writeFile(path, String(at)))
  return paths
}
