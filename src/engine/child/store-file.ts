import { constants, type FileHandle, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cloneFile } from '../../files/clone-file.ts'
import { readAll } from '../../files/read-all.ts'
import { OURS } from '../../files/torrent-folder.ts'
import { writeAll } from '../../files/write-all.ts'

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
  #reader: Promise<FileHandle> | undefined
  #opening: Promise<FileHandle> | undefined
  #writer: FileHandle | undefined

  /**
   * @param replacing - asked before a copy with this inode takes the file's place
   * @param closing - calls off a copy that is being made
   */
  constructor(path: string, replacing: (inode: number) => Promise<void>, closing: AbortSignal) {
    this.#path = path
    this.#replacing = replacing
    this.#closing = closing
  }

  /** @throws Error when the file ends before */
  async read(bytes: Uint8Array, position: number): Promise<void> {
    await readAll(this.#writer ?? (await this.#openToRead()), bytes, position)
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    // A boundary piece may be wrong for its other file only: then this one needs no copy.
    if (!this.#opening && (await this.#holds(bytes, position))) return
    await writeAll(await this.#openToWrite(), bytes, position)
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled([this.#reader, this.#opening])
    for (const each of opened) if (each.status === 'fulfilled') await each.value?.close()
  }

  async #holds(bytes: Uint8Array, position: number): Promise<boolean> {
    const there = Buffer.allocUnsafe(bytes.length)
    return this.read(there, position).then(
      () => there.equals(bytes),
      () => false,
    )
  }

  #openToRead(): Promise<FileHandle> {
    if (!this.#reader) {
      // Nothing in our folder is a symbolic link unless somebody put it there; it is not ours to go through.
      this.#reader = open(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW)
      this.#reader.catch(() => {
        this.#reader = undefined
      })
    }
    return this.#reader
  }

  #openToWrite(): Promise<FileHandle> {
    if (!this.#opening) {
      this.#opening = this.#openOwn()
      this.#opening.catch(() => {
        this.#opening = undefined
      })
    }
    return this.#opening
  }

  async #openOwn(): Promise<FileHandle> {
    const found = await lstat(this.#path).catch(() => undefined)
    if (found?.isFile() && found.nlink > 1) await this.#replaceByCopy()
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    this.#writer = await open(this.#path, flags, 0o644)
    return this.#writer
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
