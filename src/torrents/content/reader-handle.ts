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
  /** Whether it is the one to read from now. */
  isCurrent(file: FileId): boolean
}

/**
 * A file as one reader holds it: opened when it is first needed, and again when another one has taken its place. Where
 * too many files are open it is closed between two reads; it is still the same file after that.
 */
export class HeldFile implements AsyncDisposable {
  readonly #source: HeldFileSource
  readonly #file: OpenOnce
  #opened: FileId | undefined

  constructor(source: HeldFileSource) {
    this.#source = source
    this.#file = new OpenOnce(() => this.#open())
  }

  /** Whether it is open, and still the one to read from. */
  get isCurrent(): boolean {
    return this.#opened !== undefined && this.#source.isCurrent(this.#opened)
  }

  /** The file that is to be read from now. Read at once, as long as it {@link isCurrent}. */
  async open(): Promise<ByteSource> {
    while (!this.isCurrent) {
      await this[Symbol.asyncDispose]()
      await this.#file.use(async () => undefined)
    }
    return this.#file
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#opened = undefined
    await this.#file.letGo()
  }

  async #open(): Promise<FileHandle> {
    const { handle, file } = await this.#source.open()
    if (this.#opened !== undefined && file !== this.#opened) {
      await handle.close()
      throw new SelfStremeError(
        'media.damaged',
        'another file was put in the place of one that is being read',
      )
    }
    this.#opened = file
    return handle
  }
}
