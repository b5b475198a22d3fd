import { createCipheriv, createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MIB = 1024 * 1024

/** A file that looks random and is the same in every run, on disk and in memory. */
export interface Film extends AsyncDisposable {
  readonly name: string
  readonly path: string
  readonly folder: string
  readonly bytes: Buffer
  readonly sha256: string
}

/** @param seed - films with another seed have other bytes and another name */
export async function makeFilm(mib: number, seed = 1): Promise<Film> {
  const folder = await temporaryFolder()
  const name = `Film-${seed}.mkv`
  const path = join(folder.path, name)
  const bytes = Buffer.allocUnsafe(mib * MIB)
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  const zeros = Buffer.alloc(MIB)
  for (let at = 0; at < bytes.length; at += MIB) cipher.update(zeros).copy(bytes, at)
  await writeFile(path, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return {
    name,
    path,
    folder: folder.path,
    bytes,
    sha256,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
