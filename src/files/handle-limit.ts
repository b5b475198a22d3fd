import type { FileHandle } from 'node:fs/promises'

/**
 * Files that a process has open at a time. A torrent may have 10 000, and where a process may have 1 024 handles, most
 * of those are for sockets. Opening a file anew takes some 50 µs.
 */
const MAX_HANDLES = 128

/** A handle that is open and could be closed. */
interface Idle {
  /** Resolves when it is closed; must not fail. */
  close(): Promise<void>
}

/**
 * Bounds how many files are open at a time: the one that was used least recently is closed for the next. While all of
 * them are being read or written, the next waits for its turn; so never take a place while you hold one.
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

  /** Resolves when one more file may be opened. Each must be followed by {@link release}. */
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

  /** A file is closed, or could not be opened. */
  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#taken--
  }

  /** Nothing is read from or written to a file now: it may be closed for another one. */
  setIdle(handle: Idle): void {
    this.#idle.add(handle)
    this.#closeForWaiting()
  }

  /** A file is used again, or is being closed already. */
  setBusy(handle: Idle): void {
    this.#idle.delete(handle)
  }

  /** Opens a file for this work only. */
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

/** The bound for this process. */
export const handles = new HandleLimit(MAX_HANDLES)
