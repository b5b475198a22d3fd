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

/** The file that makes an owner: whoever can read it is the user that the server runs as, or root. */
export function ownerTokenPath({ dataPath, downloadPath }: OwnerTokenOptions): string {
  // Hidden among films, so that nothing takes it for one of them.
  return dataPath === undefined ? join(downloadPath, '.self-streme.token') : join(dataPath, 'admin-token')
}

/**
 * The random token that proves the owner. The first start writes it; later ones read it. One that other users of the
 * machine may know is replaced.
 *
 * @param path - as {@link ownerTokenPath} says
 * @returns the token; only in memory where it cannot be written, which leaves `ADMIN_PASSWORD` to make an owner
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
        'the token of the owner lies on a file system that does not protect it: set DATA_PATH to another folder',
        { path, why: weakness },
      )
    else log.info('the token of the owner is in a file', { path })
  } catch (error) {
    log.warn(
      'the token of the owner cannot be written: only ADMIN_PASSWORD makes an owner; set DATA_PATH to a folder that can be written to',
      { path, reason: messageOf(error) },
    )
  }
  return token
}

/**
 * What a program of the owner reads.
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
    const why = weakness ?? (TOKEN.test(token) ? undefined : 'it holds no token')
    if (why === undefined) return token
    log.warn('the token of the owner is replaced by a new one', { path, why })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT')
      log.warn('the token of the owner is replaced by a new one', { path, why: messageOf(error) })
  }
  return undefined
}
