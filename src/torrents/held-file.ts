import type { FileHandle } from 'node:fs/promises'
import { SelfStremeError } from '../domain/errors.ts'
import { type ByteSource, OpenOnce } from '../files/open-once.ts'

interface Held {
  readonly handle: FileHandle
  readonly inode: number
}

interface HeldFileSource {
  open(): Promise<Held>
  /** Whether another file has taken its place, which is the one to read from now on. */
  isOutdated(inode: number): boolean
}

/**
 * A file as one reader holds it: opened when it is first needed, and again when a copy has taken its place. Where too
 * many files are open it is closed between two reads; it is still the same file after that.
 */
export class HeldFile implements AsyncDisposable {
  readonly #source: HeldFileSource
  readonly #file: OpenOnce
  #inode: number | undefined

  constructor(source: HeldFileSource) {
    this.#source = source
    this.#file = new OpenOnce(() => this.#open())
  }

  /** Lasts until the next call. */
  async handle(): Promise<ByteSource> {
    if (this.#inode !== undefined && this.#source.isOutdated(this.#inode)) await this[Symbol.asyncDispose]()
    return this.#file
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inode = undefined
    await this.#file.letGo()
  }

  async #open(): Promise<FileHandle> {
    const { handle, inode } = await this.#source.open()
    const former = this.#inode
    if (former !== undefined && inode !== former && !this.#source.isOutdated(former)) {
      await handle.close()
      throw new SelfStremeError(
        'media.damaged',
        'another file was put in the place of one that is being read',
      )
    }
    this.#inode = inode
    return handle
  }
}
