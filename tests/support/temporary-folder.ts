import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one test, removed when the test is over. */
export async function temporaryFolder(parent = tmpdir()): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(parent, 'self-streme-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}

/** The same on another file system than that of a path, in memory; `undefined` if there is none. */
export async function otherDisk(than: string): Promise<({ path: string } & AsyncDisposable) | undefined> {
  const inMemory = await stat('/dev/shm').catch(() => undefined)
  return inMemory && inMemory.dev !== (await stat(than)).dev ? temporaryFolder('/dev/shm') : undefined
}
