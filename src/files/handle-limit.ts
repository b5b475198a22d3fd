import type { FileHandle } from 'node:fs/promises'

/**
 * Files that a process has open at a time. A torrent may have 10,000 files, and if a process may have 1,024 handles,
 * most of them are needed for sockets. Reopening a file takes about 50 µs.
 */
const MAX_HANDLES = 128

/** An open handle that may be closed. */
interface Idle {
  /** Resolves when it is closed; must not reject. */
  close(): Promise<void>
}

/**
 * Bounds how many files are open at a time: the least recently used idle file is closed for the next one. While all are
 * being read or written, the next one waits; so never take a place while holding one.
 */
export class HandleLimit {
  readonly #max: number
  #taken = 0
  /** least recently used first */
  readonly #idle = new Set<Idle>()
  readonly #waiting: (() => void)[] = []
  #closing = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Resolves when one more file may be opened. Each call must be followed by {@link release}. */
  async take(): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken++
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    this.#closeForWaiting()
    await promise
  }

  /** A file was closed, or could not be opened. */
  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken--
  }

  /** A file is not being read or written: it may be closed to open another. */
  setIdle(handle: Idle): void {
    this.#idle.add(handle)
    this.#closeForWaiting()
  }

  /** A file is in use again, or is already being closed. */
  setBusy(handle: Idle): void {
    this.#idle.delete(handle)
  }

  /** Opens a file for one piece of work. */
  async use<T>(open: () => Promise<FileHandle>, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    await this.take()
    try {
      await using handle = await open()
      return await work(handle)
    } finally {
      this.release()
    }
  }

  #closeForWaiting(): void {
    for (const handle of this.#idle) {
      if (this.#waiting.length <= this.#closing) return
      this.#idle.delete(handle)
      this.#closing++
      void handle.close().finally(() => {
        this.#closing--
        this.#closeForWaiting()
      })
    }
  }
}

/** The limit for this process. */
export const handles = new HandleLimit(MAX_HANDLES)
