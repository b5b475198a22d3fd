import { chmodSync, closeSync, lstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'

const FILE = 'self-streme.db'
/** What SQLite puts beside it. */
const SUFFIXES = ['', '-wal', '-shm', '-journal']
/** Of another version, it is made anew from what lies in the folder. */
const VERSION = 1
/** What every SQLite database begins with (<https://www.sqlite.org/fileformat.html> §1.3). */
const HEADER = 'SQLite format 3\0'
/** What another program's file, and one that lies beside it, are called from then on; a number follows where that is taken. */
const ASIDE = '.not-self-streme'
/** What SQLite says when the disk is full, read-only or fails: READONLY, IOERR, FULL, CANTOPEN. */
const DISK_TROUBLES: readonly unknown[] = [8, 10, 13, 14]

/**
 * The index that lies in the download folder. What it holds can be found out again from the folder: one that is damaged,
 * or of another version, is thrown away. What is no database, or has none of our tables, is the user's, and is moved aside.
 * A link or a folder with its name is the user's as well: the server goes on without. Where the disk does not let it be
 * opened or written, as when it is full, the server goes on without, and it is tried again whenever it is needed.
 */
export class IndexDatabase implements Disposable {
  readonly #path: string
  readonly #tables: readonly string[]
  readonly #log: Log
  #opened: DatabaseSync | undefined
  #isUsable = true

  /** @param tables - SQL that makes the tables where they are missing */
  constructor(root: string, tables: readonly string[], log: Log) {
    this.#path = join(root, FILE)
    this.#tables = tables
    this.#log = log
  }

  /** @returns what `work` does, or `undefined` if the database cannot be used now, which is said once */
  use<T>(work: (database: DatabaseSync) => T): T | undefined {
    try {
      this.#opened ??= this.#open()
      const result = work(this.#opened)
      if (!this.#isUsable) this.#log.info('the index is written down again', { path: this.#path })
      this.#isUsable = true
      return result
    } catch (error) {
      const fields = { path: this.#path, reason: messageOf(error) }
      if (this.#isUsable) this.#log.warn('the index cannot be written down, it is kept in memory', fields)
      this.#isUsable = false
      // Its file may be on a disk that is not there any more.
      this.#close()
      return undefined
    }
  }

  /** The same with all of it or nothing. @returns whether it could be done */
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
      // A good one is not thrown away because its disk is full.
      if (isDiskTrouble(error)) throw error
      this.#log.warn('the index is made anew', { path, reason: messageOf(error) })
      for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true })
      return openChecked(path, this.#tables)
    }
  }

  /** With what lies beside it: without its journal, a database may be damaged. */
  #moveAside(): void {
    const path = this.#path
    const taken = (aside: string) => SUFFIXES.some((suffix) => exists(`${aside}${suffix}`))
    let aside = `${path}${ASIDE}`
    for (let n = 2; taken(aside); n++) aside = `${path}${ASIDE}.${n}`
    this.#log.warn('a file with the name of the index is not ours, it is moved aside', { path, to: aside })
    // The database itself goes last: until then, the next start finds the same.
    for (const suffix of SUFFIXES.toReversed())
      if (exists(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`)
  }
}

/** Whether somebody else made the file: it is no database, or one with tables, but none of ours. */
function isUsers(path: string, tables: readonly string[]): boolean {
  const header = firstBytes(path, HEADER.length)
  // SQLite makes an empty one, and writes to it later.
  if (header.length === 0) return false
  if (header.toString('latin1') !== HEADER) return true
  const ours = tables.flatMap((sql) => /CREATE TABLE IF NOT EXISTS (\w+)/.exec(sql)?.[1] ?? [])
  try {
    using database = new DatabaseSync(path, { readOnly: true })
    const found = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
    return found.length > 0 && !found.some(({ name }) => ours.includes(String(name)))
  } catch (error) {
    if (isDiskTrouble(error)) throw error
    // Damaged: at that place, and with that beginning, it was ours.
    return false
  }
}

/** @returns fewer where the file ends, or is not there */
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

/** @throws Error if it cannot be read, or is not one that we know */
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

/** The trackers of a wish may have a key in them. What SQLite puts beside the file gets the same mode. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, 0o600)
  } catch {
    // Some file systems know no modes, and on a disk that is read-only nothing more is written to it.
  }
}

function isDiskTrouble(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown }
  // The low byte is the kind, the rest says more about it.
  return typeof errcode === 'number' && DISK_TROUBLES.includes(errcode & 0xff)
}

/** SQLite would write through a link. */
function mustBeFileOrNothing(path: string): void {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isFile) throw new Error(`${path} is a link or a folder: take it away`)
}
