import { open, rename } from 'node:fs/promises'

/**
 * Replaces a file in one step: after a crash it holds either what it held before or all of the new content.
 * The temporary name is beside it, so that the rename stays on one file system.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  {
    await using file = await open(temporary, 'w')
    await file.writeFile(content)
    await file.datasync()
  }
  await rename(temporary, path)
}
