import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { makeFolder } from '../files/make-folder.ts'

/**
 * Makes sure that no second server works in a download folder. SQLite holds the lock, so that the system lets go of
 * it when the process ends, however it ends.
 *
 * @throws SelfStremeError `folder.in_use` if there is another one, or the folder cannot be written to
 */
export async function lockDownloadFolder(root: string): Promise<Disposable> {
  let database: DatabaseSync | undefined
  try {
    await makeFolder(root)
    database = new DatabaseSync(join(root, '.self-streme.lock'))
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE; COMMIT')
  } catch (cause) {
    database?.close()
    const isLocked = /locked/.test(messageOf(cause))
    throw new SelfStremeError(
      'folder.in_use',
      isLocked
        ? `another self-streme works in ${root}: stop it, or set TORRENT_DOWNLOAD_PATH to another folder`
        : `${root} cannot be used (${messageOf(cause)}): set TORRENT_DOWNLOAD_PATH to a folder that can be written to`,
      { cause },
    )
  }
  const opened = database
  return { [Symbol.dispose]: () => opened.close() }
}
