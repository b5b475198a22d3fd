import { createHash } from 'node:crypto'

/** Bytes that look random and are the same at every run. */
export function patternBytes(length: number, seed = 'self-streme'): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let block = createHash('sha512').update(seed).digest()
  for (let at = 0; at < length; at += block.length) {
    block.copy(bytes, at)
    block = createHash('sha512').update(block).digest()
  }
  return bytes
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Fails when two runs of bytes differ; says where, and takes no time over megabytes. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.from(actual.buffer, actual.byteOffset, actual.length).equals(expected)) return
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  throw new Error(`${actual.length} bytes instead of ${expected.length}, the first other one at ${at}`)
}
