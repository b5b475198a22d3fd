import { open, rename, rm } from 'node:fs/promises'

/**
 * Replaces a file in one step: after a crash it holds either what it held before or all of the new content.
 * The temporary name is beside it, so that the rename stays on one file system.
 * One that cannot be written, as on a full disk, leaves nothing of the new content behind. A symbolic link of that name
 * is replaced, and what it points to stays as it is.
 *
 * @param mode - of the file, before the umask; the system's default for anybody who may read it
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  const temporary = `${path}.new`
  try {
    // Left by a crash, or a link that leads to a file which is not to be written.
    await rm(temporary, { force: true })
    await write(temporary, content, mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

async function write(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  // Fails where something has the name, a link too.
  await using file = await open(path, 'wx', mode)
  await file.writeFile(content)
  await file.datasync()
}
