import type { FileHandle } from 'node:fs/promises'
import { type HandleLimit, handles } from './handle-limit.ts'

interface Entry {
  readonly handle: Promise<FileHandle>
  users: number
  isOpen: boolean
  /** set when it must not be used any more */
  isStale: boolean
  close(): Promise<void>
}

/** Something to read bytes from: a handle, or a file that is opened on demand. */
export interface ByteSource {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
}

/**
 * A file that is opened on first use and stays open for the next, until it is released or its handle is needed for
 * another file. It is never closed while in use.
 */
export class OpenOnce implements ByteSource {
  readonly #open: () => Promise<FileHandle>
  readonly #limit: HandleLimit
  #entry: Entry | undefined

  /**
   * @param open - called again after the file was closed
   * @param limit - of open files; by default the process's
   */
  constructor(open: () => Promise<FileHandle>, limit: HandleLimit = handles) {
    this.#open = open
    this.#limit = limit
  }

  get isOpen(): boolean {
    return this.#entry?.isOpen === true
  }

  /** The file is open, or being opened. */
  get isInUse(): boolean {
    return this.#entry !== undefined
  }

  /** @param work - must not use another file of the same limit */
  async use<T>(work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.#entry ?? this.#begin()
    entry.users++
    this.#limit.setBusy(entry)
    try {
      return await work(await entry.handle)
    } finally {
      if (--entry.users === 0) {
        if (entry.isStale) await this.#closed(entry)
        else if (entry.isOpen) this.#limit.setIdle(entry)
      }
    }
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number) {
    return this.use((handle) => handle.read(buffer, offset, length, position))
  }

  /** Closes the file once it is not in use; the next use opens it again. */
  async release(): Promise<void> {
    const entry = this.#entry
    this.#entry = undefined
    if (!entry) return
    this.#limit.setBusy(entry)
    entry.isStale = true
    if (entry.users === 0) await this.#closed(entry)
  }

  #begin(): Entry {
    const handle = this.#limit.take().then(this.#open)
    const entry: Entry = { handle, users: 0, isOpen: false, isStale: false, close: () => this.#evict(entry) }
    this.#entry = entry
    handle.then(
      () => {
        entry.isOpen = true
      },
      () => {
        if (this.#entry === entry) this.#entry = undefined
        this.#limit.release()
      },
    )
    return entry
  }

  async #evict(entry: Entry): Promise<void> {
    if (this.#entry === entry) this.#entry = undefined
    await this.#closed(entry)
  }

  /** Resolves when the file is closed, or was never open. */
  async #closed({ handle }: Entry): Promise<void> {
    const opened = await handle.catch(() => undefined)
    if (!opened) return
    // Write errors were reported by the writes.
    await opened.close().catch(() => undefined)
    this.#limit.release()
  }
}
