import { dirname } from 'node:path'
import { statIfThere } from '../files/if-there.ts'
import { isUnchanged } from '../files/same-file.ts'
import type { Contents } from '../storage/contents.ts'

/** Whether a row of the table says nothing of files in other folders; the table lies where anybody may write to it. */
export function liesIn({ directory, files }: Contents, folder: string): boolean {
  return directory === folder && Object.values(files).every(({ path }) => dirname(path) === folder)
}

/** Files that are gone, or no longer what they were when they became whole. */
export async function filesChanged({ files }: Contents): Promise<string[]> {
  const changed: string[] = []
  for (const [index, { path, size, wholeMtimeMs }] of Object.entries(files)) {
    const found = await statIfThere(path)
    const isSame = wholeMtimeMs === undefined || isUnchanged(found, { size, mtimeMs: wholeMtimeMs })
    if (!found || !isSame) changed.push(index)
  }
  return changed
}

/** What is left when some of the whole files are so no longer: the torrent has to be opened to know more. */
export function without(contents: Contents, indexes: readonly string[]): Contents {
  const files = Object.entries(contents.files).filter(([index]) => !indexes.includes(index))
  return { ...contents, files: Object.fromEntries(files) }
}
