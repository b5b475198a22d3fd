import type { FileHandle } from 'node:fs/promises'

interface Held {
  readonly handle: FileHandle
  readonly inode: number
}

interface HeldFileSource {
  open(): Promise<Held>
  /** Whether another file has taken its place, which is the one to read from now on. */
  isOutdated(inode: number): boolean
}

/** A file as one reader holds it: opened when it is first needed, and again when a copy has taken its place. */
export class HeldFile implements AsyncDisposable {
  readonly #source: HeldFileSource
  #held: Held | undefined

  constructor(source: HeldFileSource) {
    this.#source = source
  }

  /** Lasts until the next call. */
  async handle(): Promise<FileHandle> {
    if (this.#held && !this.#source.isOutdated(this.#held.inode)) return this.#held.handle
    await this[Symbol.asyncDispose]()
    this.#held = await this.#source.open()
    return this.#held.handle
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held
    this.#held = undefined
    await held?.handle.close()
  }
}
