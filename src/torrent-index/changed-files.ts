import { dirname } from 'node:path'
import { statIfThere } from '../files/if-there.ts'
import { isUnchanged } from '../files/same-file.ts'
import type { Contents } from '../storage/contents.ts'

/** Whether a row names only files in the folder: other programs may write to the table. */
export function liesIn({ directory, files }: Contents, folder: string): boolean {
  return directory === folder && Object.values(files).every(({ path }) => dirname(path) === folder)
}

/** Files that are gone, or not as they were when they became complete. */
export async function filesChanged({ files }: Contents): Promise<string[]> {
  const changed: string[] = []
  for (const [index, { path, size, wholeMtimeMs }] of Object.entries(files)) {
    const found = await statIfThere(path)
    const isSame = wholeMtimeMs === undefined || isUnchanged(found, { size, mtimeMs: wholeMtimeMs })
    if (!found || !isSame) changed.push(index)
  }
  return changed
}

/** Contents without some files, whose pieces have to be verified again before more is known. */
export function without(contents: Contents, indexes: readonly string[]): Contents {
  const files = Object.entries(contents.files).filter(([index]) => !indexes.includes(index))
  return { ...contents, files: Object.fromEntries(files) }
}
