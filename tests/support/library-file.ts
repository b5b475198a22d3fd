import { basename } from 'node:path'
import { readLibraryName } from '../../src/domain/names/library-name.ts'
import type { LibraryFile } from '../../src/library/library-file.ts'
import { TitleIndex } from '../../src/library/title-index.ts'
import { localIdOf } from '../../src/storage/local-id.ts'

/** A video as found in a media folder. */
export function libraryFile(path: string, facts: Partial<LibraryFile> = {}): LibraryFile {
  const about = readLibraryName(path)
  if (!about) throw new Error(`${path} is nothing for a library`)
  return {
    infoHash: localIdOf('films', path),
    fileIdx: 0,
    isLocal: true,
    name: basename(path),
    path,
    size: 2_000_000,
    addedAt: 1_000,
    about,
    ids: about.ids,
    ...facts,
  }
}

export function indexOf(...paths: readonly string[]): TitleIndex {
  const index = new TitleIndex()
  for (const path of paths) index.add(libraryFile(path))
  return index
}
