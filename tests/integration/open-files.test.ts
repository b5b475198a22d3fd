import { appendFile, readdir, readlink, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type OpenFile, OpenFiles } from '../../src/files/open-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

afterEach(() => void vi.useRealTimers())

test('a file with many readers is opened once, and closed soon after the last one', async () => {
  await using folder = await temporaryFolder()
  const path = await put(folder.path, 'Film.mkv', 'film')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const files = new OpenFiles()
  const first = await files.open(path, await stat(path))
  const second = await files.open(path, await stat(path))
  expect(second.handle).toBe(first.handle)
  expect(await handlesOn(path)).toBe(1)
  await first[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  expect((await textIn(second)).slice(0, 4)).toBe('film')
  await second[Symbol.asyncDispose]()

  const again = await files.open(path, await stat(path))
  expect(again.handle).toBe(first.handle)
  await again[Symbol.asyncDispose]()
  expect(await handlesOn(path)).toBe(1)
  vi.advanceTimersByTime(1_000)
  await expect.poll(() => handlesOn(path)).toBe(0)
})

test.for(['written to', 'replaced'])(
  'a file that was %s is opened again, and current readers continue with the old one',
  async (what) => {
    await using folder = await temporaryFolder()
    const path = await put(folder.path, 'Film.mkv', 'film')
    const files = new OpenFiles()
    const old = await files.open(path, await stat(path))
    if (what === 'replaced') await rename(await put(folder.path, 'Other.mkv', 'else'), path)
    else await appendFile(path, ' and more')
    const now = await stat(path)
    const fresh = await files.open(path, now)
    expect(fresh.handle).not.toBe(old.handle)
    expect(fresh.size).toBe(now.size)
    expect((await textIn(old)).slice(0, 4)).toBe('film')

    await old[Symbol.asyncDispose]()
    expect(await textIn(fresh)).toBe(what === 'replaced' ? 'else' : 'film and more')
    await fresh[Symbol.asyncDispose]()
    await expect.poll(() => filmsOpenIn(folder.path)).toEqual([])
  },
)

test('a file that is replaced between the check and the opening is not taken for the checked one', async () => {
  await using folder = await temporaryFolder()
  const path = await put(folder.path, 'Film.mkv', 'film')
  const seen = await stat(path)
  await rename(await put(folder.path, 'Other.mkv', 'else'), path)
  await expect(new OpenFiles().open(path, seen)).rejects.toMatchObject({ code: 'media.damaged' })
  expect(await filmsOpenIn(folder.path)).toEqual([])
})

async function textIn({ handle, size }: OpenFile): Promise<string> {
  const bytes = Buffer.alloc(size)
  const { bytesRead } = await handle.read(bytes, 0, size, 0)
  return bytes.toString('utf8', 0, bytesRead)
}

async function put(folder: string, name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function handlesOn(path: string): Promise<number> {
  return (await filmsOpenIn(path)).length
}

/** Open files of this process at or below a path. */
async function filmsOpenIn(path: string): Promise<string[]> {
  const fds = await readdir('/proc/self/fd')
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(path))
}
