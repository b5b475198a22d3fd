import { closeSync, lstatSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { refusalOf } from '../disk/disk-errors.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { Log } from '../observe/log.ts'

/**
 * Nothing is ever committed, so that a full disk is none the worse for it. The version is "changed" because SQLite takes
 * a lock that is good for nothing where it may only read.
 */
const TAKE = 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1'

/** What keeps a second server out of a download folder. */
export interface DownloadLock extends Disposable {
  /** Whether this server may write there. Where the disk did not let it take the lock before, it is tried again. */
  isHeld(): boolean
}

/**
 * Makes sure that no second server works in a download folder. SQLite holds the lock, so that the system lets go of
 * it when the process ends, however it ends.
 *
 * On a disk that is read-only there is nothing to lock, and what lies on it can be played: the server starts all the
 * same. It takes the lock when the disk can be written to again, and writes nothing before.
 *
 * @param log - told why, if another server is quicker then
 * @throws SelfStremeError `folder.in_use` if there is another one, or the folder cannot be written to
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
        if (!isToldOf) log?.error('nothing is fetched or removed', { reason: messageOf(error) })
        isToldOf = true
      }
      return database !== undefined
    },
    [Symbol.dispose]: () => database?.close(),
  }
}

/** @returns `undefined` where the disk does not let anybody write */
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
        `another self-streme works in ${root}: stop it, or set TORRENT_DOWNLOAD_PATH to another folder`,
        { cause },
      )
    const reason = reasonNotToWrite(path)
    if (refusalOf(reason)) return undefined
    throw unusable(root, reason ?? cause)
  }
}

/** SQLite would make the file that a link leads to, and remove a journal that is not its own. */
function mustBeFileOrNothing(root: string, path: string): void {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? true
  if (!isFile) throw unusable(root, new Error(`${path} is a link or a folder: take it away`))
}

/** SQLite does not tell. Closing the file lets go of a lock that this process holds: not to be called with one. */
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
    `${root} cannot be used (${messageOf(cause)}): set TORRENT_DOWNLOAD_PATH to a folder that can be written to`,
    { cause },
  )
}
