import { open } from 'node:fs/promises'
import { readAll } from '../files/read-all.ts'

/** Bytes of head and of tail that the hash is made of. */
export const HASHED_END = 64 * 1024
const WORD = 8
const MODULUS = 1n << 64n

/**
 * The hash by which subtitles are found: the sum of the file size and the 64-bit little-endian numbers of its first and
 * last 64 KiB.
 *
 * @returns 16 hex digits; `undefined` if the file is too short
 * @see https://trac.opensubtitles.org/projects/opensubtitles/wiki/HashSourceCodes
 */
export async function videoHash(path: string, size: number): Promise<string | undefined> {
  if (size < HASHED_END) return undefined
  await using file = await open(path)
  const ends = Buffer.alloc(2 * HASHED_END)
  await readAll(file, ends.subarray(0, HASHED_END), 0)
  await readAll(file, ends.subarray(HASHED_END), size - HASHED_END)
  let sum = BigInt(size)
  for (let at = 0; at < ends.length; at += WORD) sum += ends.readBigUInt64LE(at)
  return (sum % MODULUS).toString(16).padStart(16, '0')
}
