import { open, rename, rm } from 'node:fs/promises'

/**
 * Replaces a file in one step: after a crash it holds the old content or the new.
 * The temporary file is in the same folder, so that the rename stays on one file system.
 * If writing fails, as on a full disk, nothing is left behind. A symbolic link of that name is replaced; its target
 * stays as it is.
 *
 * @param mode - of the file, before the umask; default: readable by everyone, as usual
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  const temporary = `${path}.new`
  try {
    // Left by a crash; or a link, whose target must not be written to.
    await rm(temporary, { force: true })
    await write(temporary, content, mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

async function write(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  // Fails if the name is taken, even by a link.
  await using file = await open(path, 'wx', mode)
  await file.writeFile(content)
  await file.datasync()
}
