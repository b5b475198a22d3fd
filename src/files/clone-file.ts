import { constants, copyFile, type FileHandle, open, rm } from 'node:fs/promises'
import { volumeOf } from '../disk/volume.ts'
import { writeAll } from './write-all.ts'

const CHUNK = 4 * 1024 * 1024

/** How a file was copied: sharing blocks with the original (copy-on-write), or byte by byte. */
export type CloneMethod = 'reflink' | 'copy'

/**
 * Makes a copy of a file that can be written to without changing the original.
 *
 * @param to - must not exist
 * @param onCopied - called with the number of bytes copied; not called for a reflink
 * @throws the system's error, or the signal's reason; then there is nothing at `to`
 */
export async function cloneFile(
  from: string,
  to: string,
  onCopied: (bytes: number) => void,
  signal: AbortSignal,
): Promise<CloneMethod> {
  if (await tryReflink(from, to)) return 'reflink'
  await copyBytes(from, to, onCopied, signal)
  return 'copy'
}

/**
 * Makes a reflink, as Btrfs, XFS and others can.
 *
 * @returns whether it succeeded; if not, there is nothing at `to`
 */
export async function tryReflink(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
  } catch (error) {
    // Any other problem will show in the next way of copying.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    return false
  }
  await using file = await open(to, 'r')
  // It has the original's permissions, which may be read-only.
  await file.chmod(0o644)
  await file.sync()
  return true
}

/** {@link cloneFile}, byte by byte; blocks of zeros become holes. */
export async function copyBytes(
  from: string,
  to: string,
  onCopied: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  await using source = await open(from, 'r')
  await using target = await open(to, 'wx', 0o644)
  try {
    const { size, blocks } = await source.stat()
    await checkRoom(to, blocks * 512)
    await target.truncate(size)
    await copyChunks(source, target, onCopied, signal)
    await target.sync()
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

async function copyChunks(
  source: FileHandle,
  target: FileHandle,
  onCopied: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const chunk = Buffer.allocUnsafeSlow(CHUNK)
  const zeros = Buffer.alloc(CHUNK)
  for (let at = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await source.read(chunk, 0, CHUNK, at)
    if (bytesRead === 0) return
    const bytes = chunk.subarray(0, bytesRead)
    if (!bytes.equals(zeros.subarray(0, bytesRead))) await writeAll(target, bytes, at)
    at += bytesRead
    onCopied(bytesRead)
  }
}

/** @throws Error with code `ENOSPC`, instead of filling the disk first */
async function checkRoom(path: string, bytes: number): Promise<void> {
  const { freeBytes } = await volumeOf(path)
  if (freeBytes >= bytes) return
  const message = `ENOSPC: ${bytes} bytes needed, ${freeBytes} free, copying to ${path}`
  throw Object.assign(new Error(message), { code: 'ENOSPC', syscall: 'write' })
}
