import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { SelfStremeError } from '../../domain/errors.ts'
import type { FileId } from '../../files/file-id.ts'
import { OpenOnce } from '../../files/open-once.ts'
import type { SliceSource } from '../../files/read-slices.ts'

interface Held {
  readonly handle: FileHandle
  readonly file: FileId
}

interface HeldFileSource {
  open(): Promise<Held>
  /** Whether it is the file to read from now. */
  isCurrent(file: FileId): boolean
  /** Whether no other program has changed it until these stats of it were taken. */
  isUnchanged(stats: Stats): Promise<boolean>
  /** As `PieceMap.doubts`. */
  doubts(): number
}

/**
 * A file as one reader holds it: opened when it is first needed, and again when it was replaced. If too many files are
 * open, it is closed between two reads; afterwards it must still be the same file.
 */
export class HeldFile implements AsyncDisposable {
  readonly #source: HeldFileSource
  readonly #file: OpenOnce
  #opened: FileId | undefined

  constructor(source: HeldFileSource) {
    this.#source = source
    this.#file = new OpenOnce(() => this.#open())
  }

  /** Whether it is open, and still the file to read from. */
  get isCurrent(): boolean {
    return this.#opened !== undefined && this.#source.isCurrent(this.#opened)
  }

  /**
   * The file to read from now. Read at once, while it {@link isCurrent}: what another program has changed since this call is
   * not given.
   */
  async open(): Promise<SliceSource> {
    while (!this.isCurrent) {
      await this[Symbol.asyncDispose]()
      await this.#file.use(async () => undefined)
    }
    const doubts = this.#source.doubts()
    return {
      read: async (buffer, offset, length, position) => {
        const [read, stats] = await this.#file.use(async (handle) => [
          await handle.read(buffer, offset, length, position),
          await handle.stat(),
        ])
        const isUnchanged = this.isCurrent && (await this.#source.isUnchanged(stats))
        return isUnchanged && this.#source.doubts() === doubts ? read : undefined
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#opened = undefined
    await this.#file.release()
  }

  async #open(): Promise<FileHandle> {
    const { handle, file } = await this.#source.open()
    if (this.#opened !== undefined && file !== this.#opened) {
      await handle.close()
      throw new SelfStremeError('media.damaged', 'the file was replaced while it was being read')
    }
    this.#opened = file
    return handle
  }
}
