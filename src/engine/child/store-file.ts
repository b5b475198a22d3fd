import { constants, type FileHandle, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cloneFile } from '../../files/clone-file.ts'
import { OpenOnce } from '../../files/open-once.ts'
import { readAll } from '../../files/read-all.ts'
import { OURS } from '../../files/torrent-folder.ts'
import { writeAll } from '../../files/write-all.ts'

/** Read at a time to see whether a file has the bytes of a piece, which may be long. */
const COMPARED_BYTES = 1024 * 1024

/**
 * One file of a torrent, opened when it is first read or written.
 *
 * One that has other names too is the user's, linked in by an import: it is only read. Before the first write, a copy
 * of our own takes its place.
 */
export class StoreFile {
  readonly #path: string
  readonly #replacing: (inode: number) => Promise<void>
  readonly #closing: AbortSignal
  readonly #reader: OpenOnce
  readonly #writer: OpenOnce

  /**
   * @param replacing - asked before a copy with this inode takes the file's place
   * @param closing - calls off a copy that is being made
   */
  constructor(path: string, replacing: (inode: number) => Promise<void>, closing: AbortSignal) {
    this.#path = path
    this.#replacing = replacing
    this.#closing = closing
    // Nothing in our folder is a symbolic link unless somebody put it there; it is not ours to go through.
    this.#reader = new OpenOnce(() => open(path, constants.O_RDONLY | constants.O_NOFOLLOW))
    this.#writer = new OpenOnce(() => this.#openOwn())
  }

  /** @throws Error when the file ends before */
  async read(bytes: Uint8Array, position: number): Promise<void> {
    const opened = this.#writer.isOpen ? this.#writer : this.#reader
    await opened.use((handle) => readAll(handle, bytes, position))
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    // A boundary piece may be wrong for its other file only: then this one needs no copy.
    if (!this.#writer.isInUse && (await this.#isShared()) && (await this.#holds(bytes, position))) return
    await this.#writer.use((handle) => writeAll(handle, bytes, position))
  }

  /**
   * Closes the file as soon as nobody uses it; it is opened anew when it is needed. What is open keeps a disk from being
   * taken out, and does not lie on the one that is put in its place.
   */
  async letGo(): Promise<void> {
    await Promise.all([this.#reader.letGo(), this.#writer.letGo()])
  }

  async #isShared(): Promise<boolean> {
    const found = await lstat(this.#path).catch(() => undefined)
    return found?.isFile() === true && found.nlink > 1
  }

  async #holds(bytes: Uint8Array, position: number): Promise<boolean> {
    const there = Buffer.allocUnsafe(Math.min(bytes.length, COMPARED_BYTES))
    for (let at = 0; at < bytes.length; at += COMPARED_BYTES) {
      const part = bytes.subarray(at, at + COMPARED_BYTES)
      const found = there.subarray(0, part.length)
      const isSame = await this.read(found, position + at).then(
        () => found.equals(part),
        () => false,
      )
      if (!isSame) return false
    }
    return true
  }

  async #openOwn(): Promise<FileHandle> {
    if (await this.#isShared()) await this.#replaceByCopy()
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    return open(this.#path, flags, 0o644)
  }

  async #replaceByCopy(): Promise<void> {
    const copy = join(dirname(this.#path), OURS, `copy of ${basename(this.#path)}`)
    await rm(copy, { force: true })
    try {
      await cloneFile(this.#path, copy, () => undefined, this.#closing)
      const { ino } = await stat(copy)
      // Whoever closes no longer answers.
      this.#closing.throwIfAborted()
      await this.#replacing(ino)
      await rename(copy, this.#path)
    } catch (error) {
      await rm(copy, { force: true })
      throw error
    }
  }
}
