import type { FileHandle } from 'node:fs/promises'

/**
 * Fills `bytes` from a position on.
 *
 * @throws Error if the file ends first
 */
export async function readAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at)
    if (bytesRead === 0) throw new Error('the file is too short')
    at += bytesRead
  }
}
