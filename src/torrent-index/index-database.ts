import { chmodSync, closeSync, lstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'

const FILE = 'self-streme.db'
/** The database, and the files that SQLite puts beside it. */
const SUFFIXES = ['', '-wal', '-shm', '-journal']
/** An index of another version is rebuilt from the folder. */
const VERSION = 1
/** The first bytes of every SQLite database (<https://www.sqlite.org/fileformat.html> §1.3). */
const HEADER = 'SQLite format 3\0'
/** Added to the name of another program's file that is moved aside; a number follows if that name is taken. */
const ASIDE = '.not-self-streme'
/** SQLite's errors when the disk is full, read-only or failing: READONLY, IOERR, FULL, CANTOPEN. */
const DISK_TROUBLES: readonly unknown[] = [8, 10, 13, 14]

/**
 * The index on disk, in the download folder. Its content can be rebuilt from the folder, so a damaged index, or one of
 * another version, is deleted. A file that is not a database, or has none of our tables, is the user's and is moved aside.
 * A link or a folder of its name is the user's too: the server runs without an index on disk. If the disk does not allow
 * reads or writes, as when it is full, the server runs without, and tries again whenever the index is needed.
 */
export class IndexDatabase implements Disposable {
  readonly #path: string
  readonly #tables: readonly string[]
  readonly #log: Log
  #opened: DatabaseSync | undefined
  #isUsable = true

  /** @param tables - SQL that creates missing tables */
  constructor(root: string, tables: readonly string[], log: Log) {
    this.#path = join(root, FILE)
    this.#tables = tables
    this.#log = log
  }

  /** @returns the result of `work`; `undefined` if the database cannot be used now, which is logged once */
  use<T>(work: (database: DatabaseSync) => T): T | undefined {
    try {
      this.#opened ??= this.#open()
      const result = work(this.#opened)
      if (!this.#isUsable) this.#log.info('the index can be saved again', { path: this.#path })
      this.#isUsable = true
      return result
    } catch (error) {
      const fields = { path: this.#path, reason: messageOf(error) }
      if (this.#isUsable) this.#log.warn('the index cannot be saved and is kept in memory', fields)
      this.#isUsable = false
      // Its file may be on a disk that is no longer mounted.
      this.#close()
      return undefined
    }
  }

  /** Does all of `work` or nothing. @returns whether it was done */
  change(work: (database: DatabaseSync) => void): boolean {
    const isDone = this.use((database) => {
      database.exec('BEGIN')
      try {
        work(database)
        database.exec('COMMIT')
        return true
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
    return isDone === true
  }

  [Symbol.dispose](): void {
    this.#close()
  }

  #close(): void {
    this.#opened?.close()
    this.#opened = undefined
  }

  #open(): DatabaseSync {
    const path = this.#path
    for (const suffix of SUFFIXES) mustBeFileOrNothing(`${path}${suffix}`)
    if (isUsers(path, this.#tables)) this.#moveAside()
    try {
      return openChecked(path, this.#tables)
    } catch (error) {
      // A good index is not deleted because its disk is full.
      if (isDiskTrouble(error)) throw error
      this.#log.warn('index rebuilt', { path, reason: messageOf(error) })
      for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true })
      return openChecked(path, this.#tables)
    }
  }

  /** Together with the files beside it: without its journal, a database may be damaged. */
  #moveAside(): void {
    const path = this.#path
    const taken = (aside: string) => SUFFIXES.some((suffix) => exists(`${aside}${suffix}`))
    let aside = `${path}${ASIDE}`
    for (let n = 2; taken(aside); n++) aside = `${path}${ASIDE}.${n}`
    this.#log.warn('a file with the name of the index is not ours and was moved aside', { path, to: aside })
    // The database itself is last: until then, the next start finds the same state.
    for (const suffix of SUFFIXES.toReversed())
      if (exists(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`)
  }
}

/** Whether another program made the file: it is not a database, or one with tables and none of ours. */
function isUsers(path: string, tables: readonly string[]): boolean {
  const header = firstBytes(path, HEADER.length)
  // SQLite creates an empty file, and writes to it later.
  if (header.length === 0) return false
  if (header.toString('latin1') !== HEADER) return true
  const ours = tables.flatMap((sql) => /CREATE TABLE IF NOT EXISTS (\w+)/.exec(sql)?.[1] ?? [])
  try {
    using database = new DatabaseSync(path, { readOnly: true })
    const found = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
    return found.length > 0 && !found.some(({ name }) => ours.includes(String(name)))
  } catch (error) {
    if (isDiskTrouble(error)) throw error
    // Damaged. With this name and header, it was ours.
    return false
  }
}

/** @returns fewer bytes if the file is shorter; none if it is missing */
function firstBytes(path: string, length: number): Buffer {
  if (!exists(path)) return Buffer.alloc(0)
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0))
  } finally {
    closeSync(file)
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** @throws Error if it cannot be read, or has another version */
function openChecked(path: string, tables: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    closeToOthers(path)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
      user_version: number
    }
    if (version !== 0 && version !== VERSION) throw new Error(`it has version ${version}`)
    const check = database.prepare('PRAGMA quick_check(1)').get()
    if (check?.quick_check !== 'ok') throw new Error(String(check?.quick_check))
    database.exec(`${tables.join(';')}; PRAGMA user_version = ${VERSION}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Trackers of a download request may contain a passkey. The files beside it get the same mode from SQLite. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, 0o600)
  } catch {
    // Some file systems have no modes, and on a read-only disk nothing is written to it.
  }
}

function isDiskTrouble(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown }
  // The low byte is the primary result code (<https://www.sqlite.org/rescode.html>).
  return typeof errcode === 'number' && DISK_TROUBLES.includes(errcode & 0xff)
}

/** SQLite would write through a link. */
function mustBeFileOrNothing(path: string): void {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isFile) throw new Error(`${path} is a link or a folder: take it away`)
}
