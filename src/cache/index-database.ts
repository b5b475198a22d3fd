import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'

const FILE = 'self-streme.db'
/** Of another version, it is made anew from what lies in the folder. */
const VERSION = 1

/**
 * Opens the index that lies in the download folder. What it holds can be found out again from the folder: one that is
 * damaged, or of another version, is thrown away.
 *
 * @param tables - SQL that makes the tables where they are missing
 */
export async function openIndexDatabase(
  root: string,
  tables: readonly string[],
  log: Log,
): Promise<DatabaseSync> {
  const path = join(root, FILE)
  try {
    return openChecked(path, tables)
  } catch (error) {
    log.warn('the index is made anew', { path, reason: messageOf(error) })
    for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true, recursive: true })
    return openChecked(path, tables)
  }
}

/** Changes all of it or nothing. */
export function inTransaction(database: DatabaseSync, change: () => void): void {
  database.exec('BEGIN')
  try {
    change()
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** @throws Error if it cannot be read, or is not one that we know */
function openChecked(path: string, tables: readonly string[]): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
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
