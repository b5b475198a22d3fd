import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { isVideo } from '../domain/content-type.ts'
import { exactFileSize, type Found } from '../domain/list/candidate.ts'

const MAX_FILES = 5_000
const MAX_LENGTH = 1024 * 1024

/** What a list said about a file of a torrent. */
export interface ListedFile {
  /** absent if the list did not know the file */
  readonly fileIdx?: number | undefined
  readonly name: string
  /** bytes */
  readonly size: number
}

/**
 * Names and sizes of videos from our lists. They are enough to answer HEAD without waiting for the metadata.
 */
export class ListedFiles {
  readonly #files = new LRUCache<string, ListedFile>({
    max: MAX_FILES,
    maxSize: MAX_LENGTH,
    sizeCalculation: ({ name }) => name.length + 1,
  })

  note(found: readonly Found[]): void {
    for (const each of found) {
      if (each.kind !== 'torrent' || each.isLocal) continue
      const { infoHash, file, fileName: name } = each
      const size = exactFileSize(each)
      if (name === undefined || !isVideo(name) || !size) continue
      const fileIdx = file.kind === 'file' ? file.fileIdx : undefined
      this.#files.set(keyOf(infoHash, file), { fileIdx, name, size })
    }
  }

  find(infoHash: InfoHash, choice: FileChoice): ListedFile | undefined {
    return this.#files.get(keyOf(infoHash, choice))
  }
}

function keyOf(infoHash: InfoHash, choice: FileChoice): string {
  const episode = choice.kind === 'episode' ? `${choice.season ?? ''}:${choice.episode}` : choice.kind
  return `${infoHash}/${choice.kind === 'file' ? choice.fileIdx : episode}`
}
