import { open, stat } from 'node:fs/promises'
import { readAll } from './read-all.ts'
import { isSameFile } from './same-file.ts'

const CHUNK = 1024 * 1024

/**
 * Whether two paths are the same file, or files with the same bytes.
 *
 * @param onCompared - called with the number of bytes compared
 */
export async function isSameContent(
  a: string,
  b: string,
  onCompared: (bytes: number) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const [first, second] = await Promise.all([stat(a), stat(b)])
  if (isSameFile(first, second)) return true
  if (!second.isFile() || first.size !== second.size) return false
  await using one = await open(a, 'r')
  await using other = await open(b, 'r')
  const chunks = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)] as const
  for (let at = 0; at < first.size; at += CHUNK) {
    signal.throwIfAborted()
    const length = Math.min(CHUNK, first.size - at)
    const [left, right] = [chunks[0].subarray(0, length), chunks[1].subarray(0, length)]
    await Promise.all([readAll(one, left, at), readAll(other, right, at)])
    if (!left.equals(right)) return false
    onCompared(length)
  }
  return true
}
