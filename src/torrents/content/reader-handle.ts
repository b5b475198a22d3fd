import type { FileHandle } from 'node:fs/promises'
import { SelfStremeError } from '../../domain/errors.ts'
import type { FileId } from '../../files/file-id.ts'
import { type ByteSource, OpenOnce } from '../../files/open-once.ts'

interface Held {
  readonly handle: FileHandle
  readonly file: FileId
}

interface HeldFileSource {
  open(): Promise<Held>
  /** Whether it is the file to read from now. */
  isCurrent(file: FileId): boolean
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

  /** The file to read from now. Read at once, while it {@link isCurrent}. */
  async open(): Promise<ByteSource> {
    while (!this.isCurrent) {
      await this[Symbol.asyncDispose]()
      await this.#file.use(async () => undefined)
    }
    return this.#file
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
