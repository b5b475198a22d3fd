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
import { OwnWrites, type OwnWritesEvents } from './own-writes.ts'

/** Bytes that are compared at a time with a piece, which may be long. */
const COMPARED_BYTES = 1024 * 1024
/** How often it is checked that the open file still has its name, while it is written to. */
const LOOK_MS = 1_000

/** A file that was opened. */
export interface OpenedFile {
  readonly id: FileId
  /** `same` for the first file, and for a copy of the last one; `none` for one that was just made; else `other` */
  readonly content: 'same' | 'other' | 'none'
  /** when it was last changed (ctime), epoch ms */
  readonly changedAt: number
}

export interface StoreFileEvents extends OwnWritesEvents {
  /** This file is read and written from now on. Called again when the file is replaced. */
  opened(opened: OpenedFile): void
  /** A copy is about to take the place of a file that is the user's; it does so when this resolves. */
  replacing(copy: FileId): Promise<void>
}

/**
 * One file of a torrent, opened when it is first read or written.
 *
 * It is written to only if we made it. Any other file of that name is the user's, and is not changed.
 *
 * A file with other names too is the user's, linked in by an import: it is only read. Before the first write it is
 * replaced by a copy of our own.
 *
 * A file that was moved away is the user's from then on, although it is still open here.
 */
export class StoreFile {
  readonly #path: string
  readonly #made: () => Promise<MadeFiles>
  readonly #events: StoreFileEvents
  readonly #closing: AbortSignal
  readonly #reader: OpenOnce
  readonly #writer: OpenOnce
  readonly #writes: OwnWrites
  #opening: Promise<unknown> = Promise.resolve()
  /** the file that was opened last, to read or to write */
  #current: FileId | undefined
  #copy: FileId | undefined
  /** ms, on the monotonic clock */
  #lookedAt = 0

  /**
   * @param made - the files that we made in its folder; rejects if the folder is no longer ours
   * @param closing - aborts a copy that is being made
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
      // A file that is released while it is being opened may be opened a second time meanwhile.
      const opening = this.#opening.then(() => this.#openOwn())
      this.#opening = opening.catch(() => undefined)
      return opening
    })
    this.#writes = new OwnWrites(this.#writer, events)
  }

  /** @throws Error if the file is too short */
  async read(bytes: Uint8Array, position: number): Promise<void> {
    const opened = this.#writer.isOpen ? this.#writer : this.#reader
    await opened.use((handle) => readAll(handle, bytes, position))
  }

  /**
   * Makes the file, if there is none, before its first bytes are there: the sync of the record that it is ours takes up to
   * 50 ms. An error is left to {@link write}.
   */
  async prepare(): Promise<void> {
    if (this.#writer.isInUse || (await lstatIfThere(this.#path))) return
    await this.#writer.use(async () => undefined)
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    if (this.#writer.isInUse) await this.#releaseIfMoved()
    // A piece that spans two files may be wrong in the other one only: then this file is right as it is, and needs no copy.
    else if ((await this.#isUsers()) && (await this.#holds(bytes, position))) return
    await this.#writes.run(bytes.length, (handle) => writeAll(handle, bytes, position))
  }

  /**
   * Closes the file as soon as it is not in use; it is opened again when needed. An open file keeps its disk from being
   * unmounted, and is not on the disk that is mounted in its place.
   */
  async release(): Promise<void> {
    await Promise.all([this.#reader.release(), this.#writer.release()])
  }

  /** Writing to a file that was moved away would lose the bytes, and damage the user's file. */
  async #releaseIfMoved(): Promise<void> {
    const now = performance.now()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    const found = await lstat(this.#path).catch(() => undefined)
    if (!found || fileIdOf(found) !== this.#current) await this.release()
  }

  /** Whether the file has other names, or was not made by us. */
  async #isUsers(): Promise<boolean> {
    const found = await lstatIfThere(this.#path)
    if (!found?.isFile()) return false
    if (fileIdOf(found) !== this.#current) await this.#reader.release()
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

  /** @throws Error if a file of the user has its name */
  async #openOwn(): Promise<FileHandle> {
    const made = await this.#made()
    // Left by a crash; it may be another name of this file.
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

  /** @param check - of the file that was really opened; may throw */
  async #openChecked(flags: number, check: (stats: Stats) => void): Promise<FileHandle> {
    // We make no symbolic links; one that another program put there is not followed.
    const handle = await open(this.#path, flags | constants.O_NOFOLLOW)
    try {
      check(await handle.stat())
      return handle
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** @param other - the other handle, which may be open on the last file */
  #note(stats: Stats, other: OpenOnce, isNew = false): void {
    const id = fileIdOf(stats)
    this.#lookedAt = performance.now()
    this.#writes.opened(stats, id === this.#current)
    if (id === this.#current) return
    const isSame = this.#current === undefined || id === this.#copy
    this.#current = id
    void other.release()
    const content = isSame ? 'same' : isNew ? 'none' : 'other'
    this.#events.opened({ id, content, changedAt: stats.ctimeMs })
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
        // While the torrent closes, main no longer answers.
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

  /** Makes a file in our own subfolder, notes that it is ours, and then puts it in its place. */
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
