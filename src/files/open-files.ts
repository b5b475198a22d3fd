import type { Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SelfStremeError } from '../domain/errors.ts'
import { type HandleLimit, handles } from './handle-limit.ts'
import { type ByteSource, OpenOnce } from './open-once.ts'
import { isSameFile, isSameVersion } from './same-file.ts'

/** Players request a film in parts; between two requests it stays open this long. */
const LINGER_MS = 250

/** A file open for reading; disposing of it ends this reader's use. */
export interface OpenFile extends AsyncDisposable {
  readonly handle: ByteSource
  /** bytes */
  readonly size: number
}

/** An open file, its stats when it was opened, and its number of readers. */
interface Entry {
  readonly file: OpenOnce
  readonly stats: Stats
  readers: number
  closing?: NodeJS.Timeout
}

/** Opens each file once for all of its readers, and closes idle ones if too many are open. */
export class OpenFiles {
  readonly #entries = new Map<string, Entry>()
  readonly #limit: HandleLimit

  constructor(limit: HandleLimit = handles) {
    this.#limit = limit
  }

  /**
   * @param seen - recent stats of the path: an already open file is shared only if it is still this file, unchanged
   * @throws SelfStremeError `media.damaged` if the file is being replaced right now; the system's error
   */
  async open(path: string, seen: Stats): Promise<OpenFile> {
    const known = this.#entries.get(path)
    if (known && isSameVersion(known.stats, seen)) return this.#lease(path, known)
    let wasOpen = false
    const file = new OpenOnce(async () => {
      // For a file that was open before, an open handle shows the same bytes as a new one.
      const isRight = wasOpen ? isSameFile : isSameVersion
      const handle = await openIf(path, (stats) => isRight(stats, seen))
      wasOpen = true
      return handle
    }, this.#limit)
    await file.use(async () => undefined)
    const entry = { file, stats: seen, readers: 0 }
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
      handle: entry.file,
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
    await entry.file.release()
  }
}

async function openIf(path: string, isRight: (stats: Stats) => boolean): Promise<FileHandle> {
  const handle = await open(path)
  if (isRight(await handle.stat())) return handle
  await handle.close()
  throw new SelfStremeError('media.damaged', `${path} is being changed`)
}
