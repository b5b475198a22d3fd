import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { OpenOnce } from '../../files/open-once.ts'

/** Writes that are done together, between two looks at the file. */
const BATCH_BYTES = 4 * 1024 * 1024

export interface OwnWritesEvents {
  /**
   * Nothing but these writes has changed the file since it was opened, until its last change at this time (ctime, epoch ms).
   *
   * @param isWriting - it is about to be changed further
   */
  wrote(changedAt: number, isWriting: boolean): void
  /** Another program has changed the file. Called before {@link wrote}. */
  changed(): void
}

interface Write {
  readonly bytes: number
  readonly write: (handle: FileHandle) => Promise<void>
  readonly done: PromiseWithResolvers<void>
}

/**
 * The writes to one file, so that what other programs write to it can be told apart. They are done in batches; before and
 * after each, the time of the file's last change is looked at, which no program can set (ctime, POSIX `<sys/stat.h>`).
 *
 * What cannot be noticed is a change during a batch, and one within the same tick of the clock that the file system takes
 * its times from: 1 to 10 ms before Linux 6.13, none since on ext4, XFS, Btrfs and tmpfs; 2 s on FAT.
 */
export class OwnWrites {
  readonly #file: OpenOnce
  readonly #events: OwnWritesEvents
  readonly #queue: Write[] = []
  #isRunning = false
  /** ctime after the last batch, or when the file was opened; epoch ms */
  #changedAt: number | undefined

  constructor(file: OpenOnce, events: OwnWritesEvents) {
    this.#file = file
    this.#events = events
  }

  /** The file was opened. @param isSame - it is the file that was open before */
  opened({ ctimeMs }: Stats, isSame: boolean): void {
    if (!isSame) this.#changedAt = ctimeMs
    // A batch looks by itself, and changes the file.
    else if (!this.#isRunning) this.#compare(ctimeMs)
  }

  /** Resolves when it is written. @throws the system's error */
  run(bytes: number, write: (handle: FileHandle) => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#queue.push({ bytes, write, done })
    if (!this.#isRunning) void this.#runAll()
    return done.promise
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true
    let last: FileHandle | undefined
    try {
      while (this.#queue.length > 0)
        await this.#file.use(async (handle) => {
          // Right after a batch, nothing needs to be looked at again.
          if (handle !== last) this.#compare((await handle.stat()).ctimeMs)
          last = handle
          await this.#runBatch(handle)
        })
    } catch (error) {
      for (const { done } of this.#queue.splice(0)) done.reject(error)
    } finally {
      this.#isRunning = false
    }
  }

  async #runBatch(handle: FileHandle): Promise<void> {
    const batch = this.#takeBatch()
    this.#report(true)
    const results = await Promise.allSettled(batch.map(({ write }) => write(handle)))
    const stats = await handle.stat().catch(() => undefined)
    if (stats) this.#changedAt = stats.ctimeMs
    if (this.#queue.length === 0) this.#report(false)
    for (const [at, { done }] of batch.entries()) {
      const result = results[at]
      if (result?.status === 'rejected') done.reject(result.reason)
      else done.resolve()
    }
  }

  #takeBatch(): Write[] {
    let bytes = 0
    const end = this.#queue.findIndex((each) => {
      bytes += each.bytes
      return bytes > BATCH_BYTES
    })
    return this.#queue.splice(0, end === -1 ? this.#queue.length : Math.max(1, end))
  }

  #compare(changedAt: number): void {
    const before = this.#changedAt
    this.#changedAt = changedAt
    if (before !== undefined && before !== changedAt) this.#events.changed()
  }

  #report(isWriting: boolean): void {
    if (this.#changedAt !== undefined) this.#events.wrote(this.#changedAt, isWriting)
  }
}
