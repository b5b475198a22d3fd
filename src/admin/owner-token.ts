import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readSecretFile, writeSecretFile } from '../files/secret-file.ts'
import type { Log } from '../observe/log.ts'

const BYTES = 32
/** base64url or hex of at least 128 bits */
const TOKEN = /^[\w-]{22,200}$/

export interface OwnerTokenOptions {
  /** folder for what the server has to keep; absent = the download folder */
  readonly dataPath?: string | undefined
  readonly downloadPath: string
}

/** The file with the owner's token. Only the user that the server runs as, and root, can read it. */
export function ownerTokenPath({ dataPath, downloadPath }: OwnerTokenOptions): string {
  // Hidden, as this folder may be shown to others.
  return dataPath === undefined ? join(downloadPath, '.self-streme.token') : join(dataPath, 'admin-token')
}

/**
 * Reads the owner's token, or makes a random one at the first start. One that other users of the machine may have read is
 * replaced.
 *
 * @param path - from {@link ownerTokenPath}
 * @returns the token. If it cannot be written, only `ADMIN_PASSWORD` identifies the owner.
 */
export async function openOwnerToken(path: string, log: Log): Promise<string> {
  const kept = await readKept(path, log)
  if (kept !== undefined) return kept
  const token = randomBytes(BYTES).toString('base64url')
  try {
    await makeFolder(dirname(path))
    await writeSecretFile(path, `${token}\n`)
    const { weakness } = await readSecretFile(path)
    if (weakness !== undefined)
      log.warn(
        'the file system of the owner token does not protect it from other users; set DATA_PATH to another folder',
        { path, why: weakness },
      )
    else log.info('owner token written', { path })
  } catch (error) {
    log.warn('owner token cannot be written; set ADMIN_PASSWORD, or DATA_PATH to a writable folder', {
      path,
      reason: messageOf(error),
    })
  }
  return token
}

/**
 * Reads the token for a program of the owner.
 *
 * @throws the system's error when there is no such file, or it may not be read
 */
export async function readOwnerToken(path: string): Promise<string> {
  const { content } = await readSecretFile(path)
  return content.trim()
}

async function readKept(path: string, log: Log): Promise<string | undefined> {
  try {
    const { content, weakness } = await readSecretFile(path)
    const token = content.trim()
    const why = weakness ?? (TOKEN.test(token) ? undefined : 'not a token')
    if (why === undefined) return token
    log.warn('owner token replaced', { path, why })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') log.warn('owner token replaced', { path, why: messageOf(error) })
  }
  return undefined
}
