import { closeSync, lstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { refusalOf } from '../disk/disk-errors.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { Log } from '../observe/log.ts'

/**
 * Nothing is ever committed, so a full disk does not matter. user_version is set because SQLite grants BEGIN EXCLUSIVE
 * on a read-only file, where it excludes no one.
 */
const TAKE = 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1'

/** Keeps a second server out of a download folder. */
export interface DownloadLock extends Disposable {
  /** Whether this server may write to the folder. If the disk was read-only before, taking the lock is tried again. */
  isHeld(): boolean
}

/**
 * Makes sure that no second server works in a download folder. SQLite holds the lock: the system releases it when the
 * process ends, for whatever reason.
 *
 * On a read-only disk there is nothing to lock, and its files can be played: the server starts without the lock. It
 * takes the lock once the disk is writable, and writes nothing before that.
 *
 * @param log - receives the reason if another server takes the lock first
 * @throws SelfStremeError `folder.in_use` if another server holds the lock, or the folder cannot be written to
 */
export async function lockDownloadFolder(root: string, log?: Log): Promise<DownloadLock> {
  let database: DatabaseSync | undefined
  let isToldOf = false
  try {
    await makeFolder(root)
  } catch (cause) {
    throw unusable(root, cause)
  }
  database = take(root)
  return {
    isHeld() {
      try {
        database ??= take(root)
      } catch (error) {
        if (!isToldOf) log?.error('downloads and clean-up are off', { reason: messageOf(error) })
        isToldOf = true
      }
      return database !== undefined
    },
    [Symbol.dispose]: () => database?.close(),
  }
}

/** @returns `undefined` on a read-only disk */
function take(root: string): DatabaseSync | undefined {
  const path = join(root, '.self-streme.lock')
  for (const each of [path, `${path}-journal`]) mustBeFileOrNothing(root, each)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec(TAKE)
    return database
  } catch (cause) {
    database?.close()
    if (/locked/.test(messageOf(cause)))
      throw new SelfStremeError(
        'folder.in_use',
        `another self-streme is running in ${root}: stop it, or set TORRENT_DOWNLOAD_PATH to another folder`,
        { cause },
      )
    const reason = reasonNotToWrite(path)
    if (refusalOf(reason)) return undefined
    throw unusable(root, reason ?? cause)
  }
}

/** SQLite would create the target of a dangling link, and would remove a journal that is not its own. */
function mustBeFileOrNothing(root: string, path: string): void {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isFile) throw unusable(root, new Error(`${path} is a link or a folder; remove it`))
}

/** SQLite gives no reason. Closing the file releases this process's locks on it (POSIX), so call it without a lock. */
function reasonNotToWrite(path: string): unknown {
  try {
    closeSync(openSync(path, 'a'))
    return undefined
  } catch (error) {
    return error
  }
}

function unusable(root: string, cause: unknown): SelfStremeError {
  return new SelfStremeError(
    'folder.in_use',
    `${root} cannot be used (${messageOf(cause)}): set TORRENT_DOWNLOAD_PATH to a writable folder`,
    { cause },
  )
}
