import type { FileHandle } from 'node:fs/promises'

interface Entry {
  readonly handle: Promise<FileHandle>
  users: number
  isOpen: boolean
  /** nobody uses it from now on */
  isStale: boolean
}

/** A file that is opened when it is first used, and stays open for whoever comes next until it is let go. */
export class OpenOnce {
  readonly #open: () => Promise<FileHandle>
  #entry: Entry | undefined

  constructor(open: () => Promise<FileHandle>) {
    this.#open = open
  }

  get isOpen(): boolean {
    return this.#entry?.isOpen === true
  }

  /** It is open, or being opened. */
  get isInUse(): boolean {
    return this.#entry !== undefined
  }

  async use<T>(work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.#entry ?? this.#begin()
    entry.users++
    try {
      return await work(await entry.handle)
    } finally {
      entry.users--
      if (entry.isStale && entry.users === 0) await closed(entry)
    }
  }

  /** Closes it as soon as nobody uses it; whoever needs it from now on opens it anew. */
  async letGo(): Promise<void> {
    const entry = this.#entry
    this.#entry = undefined
    if (!entry) return
    entry.isStale = true
    if (entry.users === 0) await closed(entry)
  }

  #begin(): Entry {
    const entry = { handle: this.#open(), users: 0, isOpen: false, isStale: false }
    this.#entry = entry
    entry.handle.then(
      () => {
        entry.isOpen = true
      },
      () => {
        if (this.#entry === entry) this.#entry = undefined
      },
    )
    return entry
  }
}

/** Resolves when a file is closed, or was never open. */
async function closed({ handle }: Entry): Promise<void> {
  const opened = await handle.catch(() => undefined)
  // What could not be written the system has said before; a second time helps nobody.
  await opened?.close().catch(() => undefined)
}
