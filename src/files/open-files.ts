import type { Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SelfStremeError } from '../domain/errors.ts'

/** Players ask for a film piece by piece; between two requests it stays open for this long. */
const LINGER_MS = 250

/** A file that is open to be read; disposing of it says that this reader is done. */
export interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle
  /** bytes */
  readonly size: number
}

/** A file, what it was when it was opened, and how many read it. */
interface Entry {
  readonly handle: FileHandle
  readonly stats: Stats
  readers: number
  closing?: NodeJS.Timeout
}

/** Files that are read, each opened once for all of its readers. */
export class OpenFiles {
  readonly #entries = new Map<string, Entry>()

  /**
   * @param seen - what a look at the path has just shown: a file that was opened before is used again only if it is the
   * one that lies there now, and nobody has written to it
   * @throws SelfStremeError `media.damaged` if it is replaced at this very moment; the system's error
   */
  async open(path: string, seen: Stats): Promise<OpenFile> {
    const known = this.#entries.get(path)
    if (known && isSame(known.stats, seen)) return this.#lease(path, known)
    const handle = await open(path)
    const stats = await handle.stat()
    if (!isSame(stats, seen)) {
      await handle.close()
      throw new SelfStremeError('media.damaged', `${path} is being changed`)
    }
    const entry = { handle, stats, readers: 0 }
    const former = this.#entries.get(path)
    this.#entries.set(path, entry)
    if (former?.readers === 0) await this.#close(path, former)
    return this.#lease(path, entry)
  }

  #lease(path: string, entry: Entry): OpenFile {
    clearTimeout(entry.closing)
    entry.readers++
    let isReturned = false
    return {
      handle: entry.handle,
      size: entry.stats.size,
      [Symbol.asyncDispose]: async () => {
        if (isReturned) return
        isReturned = true
        entry.readers--
        if (entry.readers > 0) return
        if (this.#entries.get(path) !== entry) return this.#close(path, entry)
        entry.closing = setTimeout(() => void this.#close(path, entry), LINGER_MS).unref()
      },
    }
  }

  async #close(path: string, entry: Entry): Promise<void> {
    clearTimeout(entry.closing)
    if (this.#entries.get(path) === entry) this.#entries.delete(path)
    await entry.handle.close()
  }
}

/** Whether two looks showed the same file with the same content, as far as the system tells. */
function isSame(a: Stats, b: Stats): boolean {
  return (
    a.dev === b.dev &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs
  )
}
