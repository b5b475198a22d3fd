import type { Stats } from 'node:fs'
import { constants, type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { cloneFile } from '../../files/clone-file.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import { moveTo } from '../../files/free-name.ts'
import { lstatIfThere } from '../../files/if-there.ts'
import { OpenOnce } from '../../files/open-once.ts'
import { readAll } from '../../files/read-all.ts'
import { writeAll } from '../../files/write-all.ts'
import type { MadeFiles } from '../../storage/made-files.ts'
import { OURS } from '../../storage/mark.ts'

/** Read at a time to see whether a file has the bytes of a piece, which may be long. */
const COMPARED_BYTES = 1024 * 1024
/** How long an open file is written to before it is looked again whether it still has its name. */
const LOOK_MS = 1_000

export interface StoreFileEvents {
  /**
   * This is the file that is read and written from now on. Called whenever it is another one than before.
   *
   * @param content - `same` if nothing is known of what was there before: the first time, and for a copy of it; `none` if
   * it was just made
   */
  opened(file: FileId, content: 'same' | 'other' | 'none'): void
  /** A copy is about to take the place of a file that is the user's; it does so when this resolves. */
  replacing(copy: FileId): Promise<void>
}

/**
 * One file of a torrent, opened when it is first read or written.
 *
 * It is written to only if we made it. What else has its name is the user's, and stays as it is.
 *
 * One that has other names too is the user's, linked in by an import: it is only read. Before the first write, a copy
 * of our own takes its place.
 *
 * One that was moved away is the user's from then on, although it is still open here.
 */
export class StoreFile {
  readonly #path: string
  readonly #made: () => Promise<MadeFiles>
  readonly #events: StoreFileEvents
  readonly #closing: AbortSignal
  readonly #reader: OpenOnce
  readonly #writer: OpenOnce
  #opening: Promise<unknown> = Promise.resolve()
  /** the one that was opened last, be it to read or to write */
  #current: FileId | undefined
  #copy: FileId | undefined
  /** ms of the process' clock */
  #lookedAt = 0

  /**
   * @param made - the files that we made in its folder; rejects when that is no longer ours
   * @param closing - calls off a copy that is being made
   */
  constructor(path: string, made: () => Promise<MadeFiles>, events: StoreFileEvents, closing: AbortSignal) {
    this.#path = path
    this.#made = made
    this.#events = events
    this.#closing = closing
    this.#reader = new OpenOnce(() =>
      this.#openChecked(constants.O_RDONLY, (stats) => this.#note(stats, this.#writer)),
    )
    this.#writer = new OpenOnce(() => {
      // What is let go of while it is being opened may be opened once more at the same time.
      const opening = this.#opening.then(() => this.#openOwn())
      this.#opening = opening.catch(() => undefined)
      return opening
    })
  }

  /** @throws Error when the file ends before */
  async read(bytes: Uint8Array, position: number): Promise<void> {
    const opened = this.#writer.isOpen ? this.#writer : this.#reader
    await opened.use((handle) => readAll(handle, bytes, position))
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    if (this.#writer.isInUse) await this.#releaseIfMoved()
    // A boundary piece may be wrong for its other file only: then this one needs no copy, and may be the user's.
    else if ((await this.#isUsers()) && (await this.#holds(bytes, position))) return
    await this.#writer.use((handle) => writeAll(handle, bytes, position))
  }

  /**
   * Closes the file as soon as nobody uses it; it is opened anew when it is needed. What is open keeps a disk from being
   * taken out, and does not lie on the one that is put in its place.
   */
  async release(): Promise<void> {
    await Promise.all([this.#reader.letGo(), this.#writer.letGo()])
  }

  /** What is written to a file that lies elsewhere by now is lost for us, and spoils it for the user. */
  async #releaseIfMoved(): Promise<void> {
    const now = performance.now()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    const found = await lstat(this.#path).catch(() => undefined)
    if (!found || fileIdOf(found) !== this.#current) await this.release()
  }

  /** It has other names, or was not made by us. */
  async #isUsers(): Promise<boolean> {
    const found = await lstatIfThere(this.#path)
    if (!found?.isFile()) return false
    if (fileIdOf(found) !== this.#current) await this.#reader.letGo()
    return found.nlink > 1 || !(await this.#made()).has({ name: basename(this.#path), stats: found })
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

  /** @throws Error if something that is not ours has its name */
  async #openOwn(): Promise<FileHandle> {
    const made = await this.#made()
    // Left by a crash: another name of this file, perhaps.
    await rm(this.#unplaced, { force: true })
    const found = await this.#find()
    if (!found) await this.#make(made)
    else this.#mustBeOurs(made, found)
    if (found && found.nlink > 1) await this.#replaceByCopy(made)
    return this.#openChecked(constants.O_RDWR, (stats) => {
      // It may have been replaced since.
      this.#mustBeOurs(made, stats)
      this.#note(stats, this.#reader, !found)
    })
  }

  /** @param check - of what was really opened; may throw */
  async #openChecked(flags: number, check: (stats: Stats) => void): Promise<FileHandle> {
    // Nothing in our folder is a symbolic link unless somebody put it there; it is not ours to go through.
    const handle = await open(this.#path, flags | constants.O_NOFOLLOW)
    try {
      check(await handle.stat())
      return handle
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** @param other - what else may be open, and would be the file of before */
  #note(stats: Stats, other: OpenOnce, isNew = false): void {
    const file = fileIdOf(stats)
    this.#lookedAt = performance.now()
    if (file === this.#current) return
    const isSame = this.#current === undefined || file === this.#copy
    this.#current = file
    void other.letGo()
    this.#events.opened(file, isSame ? 'same' : isNew ? 'none' : 'other')
  }

  #mustBeOurs(made: MadeFiles, stats: Stats): void {
    if (stats.isFile() && made.has({ name: basename(this.#path), stats })) return
    throw new Error(
      `${this.#path} was not made by self-streme: take it away, and the torrent's file is fetched`,
    )
  }

  async #find(): Promise<Stats | undefined> {
    try {
      return await lstat(this.#path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  async #make(made: MadeFiles): Promise<void> {
    await this.#inMark(
      made,
      async (path) => {
        const file = await open(path, 'wx', 0o644)
        await file.close()
      },
      (path) => moveTo(path, this.#path),
    )
  }

  async #replaceByCopy(made: MadeFiles): Promise<void> {
    await this.#inMark(
      made,
      async (path) => {
        await cloneFile(this.#path, path, () => undefined, this.#closing)
      },
      async (path, stats) => {
        // Whoever closes no longer answers.
        this.#closing.throwIfAborted()
        this.#copy = fileIdOf(stats)
        await this.#events.replacing(this.#copy)
        const found = await this.#find()
        if (found) this.#mustBeOurs(made, found)
        await rename(path, this.#path)
      },
    )
  }

  get #unplaced(): string {
    return join(dirname(this.#path), OURS, `new ${basename(this.#path)}`)
  }

  /** Has a file made where nobody else's is, notes that it is ours, and then has it put in its place. */
  async #inMark(
    made: MadeFiles,
    make: (path: string) => Promise<void>,
    place: (path: string, stats: Stats) => Promise<void>,
  ): Promise<void> {
    const [name, path] = [basename(this.#path), this.#unplaced]
    try {
      await make(path)
      const stats = await lstat(path)
      await made.add({ name, stats })
      await place(path, stats)
    } finally {
      await rm(path, { force: true })
    }
  }
}
