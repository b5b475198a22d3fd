import { open, rename, rm } from 'node:fs/promises'

/**
 * Replaces a file in one step: after a crash it holds either what it held before or all of the new content.
 * The temporary name is beside it, so that the rename stays on one file system.
 * One that cannot be written, as on a full disk, leaves nothing of the new content behind.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  try {
    // Left by a crash, or a link that leads to a file which is not to be written.
    await rm(temporary, { force: true })
    await write(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(content)
  await file.datasync()
}
