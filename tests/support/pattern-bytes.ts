import { createCipheriv, createHash } from 'node:crypto'

const ZEROS = Buffer.alloc(1024 * 1024)

/** Bytes that look random and are the same in every run; a gigabyte takes about a second. */
export function patternBytes(length: number, seed = 'self-streme'): Buffer {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += ZEROS.length) {
    cipher.update(ZEROS.subarray(0, length - at)).copy(bytes, at)
  }
  return bytes
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Fails with the position when two byte arrays differ; fast for megabytes. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.from(actual.buffer, actual.byteOffset, actual.length).equals(expected)) return
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  throw new Error(`${actual.length} bytes instead of ${expected.length}, the first other one at ${at}`)
}
