import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

/** A video that the user put into the download folder, as last examined. */
export interface IndexedFile {
  readonly path: string
  readonly name: string
  /** all info hashes in its name and in those of its folders */
  readonly infoHashes: readonly InfoHash[]
  /** bytes */
  readonly size: number
  /** epoch ms */
  readonly mtimeMs: number
  /** changes whenever the file or its content does */
  readonly fingerprint: string
}

/** The videos that the user put into the download folder, by path and by the info hashes in their names. */
export class PlacedIndex {
  readonly #files = new Map<string, IndexedFile>()
  readonly #byInfoHash = new Map<InfoHash, Set<string>>()
  /** changes whenever a file does */
  version = 0

  get(path: string): IndexedFile | undefined {
    return this.#files.get(path)
  }

  find(infoHash: InfoHash): IndexedFile[] {
    const paths = this.#byInfoHash.get(infoHash) ?? []
    return [...paths].flatMap((path) => this.#files.get(path) ?? [])
  }

  all(): IndexedFile[] {
    return [...this.#files.values()]
  }

  put(file: IndexedFile): void {
    if (this.#files.get(file.path)?.fingerprint !== file.fingerprint) this.version++
    this.#files.set(file.path, file)
    for (const infoHash of file.infoHashes) {
      const paths = this.#byInfoHash.get(infoHash)
      if (paths) paths.add(file.path)
      else this.#byInfoHash.set(infoHash, new Set([file.path]))
    }
  }

  remove(path: string): void {
    const file = this.#files.get(path)
    if (!file) return
    this.version++
    this.#files.delete(path)
    for (const infoHash of file.infoHashes) {
      const paths = this.#byInfoHash.get(infoHash)
      paths?.delete(path)
      if (paths?.size === 0) this.#byInfoHash.delete(infoHash)
    }
  }
}
