import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { newUsage, type Origin, type Usage } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** A torrent on disk: what there is of it, and how it is used. */
export interface CacheEntry {
  readonly contents: Contents
  readonly usage: Usage
}

/** An entry, and how far it is written down. */
interface Kept {
  entry: CacheEntry
  /** its usage has to be saved to its folder */
  isUnsaved: boolean
  /** the last attempt to save its usage failed */
  hasFailed: boolean
  /** its row in the table is missing or old */
  isUnlisted: boolean
  /** its folder has no usage yet: the part that makes the folder may be about to say where the torrent comes from */
  isUnnoted: boolean
  /** its contents lack files that a check found changed or removed */
  isReduced: boolean
}

/** The entries of the index in memory, and what of each is not written down yet. */
export class IndexEntries {
  readonly #kept = new Map<InfoHash, Kept>()
  /** removed ones whose rows may still be in the table */
  readonly #removed = new Set<InfoHash>()
  readonly #listeners = new Set<(infoHash: InfoHash) => void>()
  #version = 0

  /** Changes whenever the contents of a torrent change, or one is added or removed. */
  get version(): number {
    return this.#version
  }

  get(infoHash: InfoHash): CacheEntry | undefined {
    return this.#kept.get(infoHash)?.entry
  }

  all(): CacheEntry[] {
    return [...this.#kept.values()].map(({ entry }) => entry)
  }

  /** Whether this is the index's present entry of a torrent. */
  isCurrent(contents: Contents): boolean {
    return this.get(contents.infoHash)?.contents === contents
  }

  isReduced({ infoHash }: Contents): boolean {
    return this.#kept.get(infoHash)?.isReduced === true
  }

  /** Calls back whenever the contents of a torrent change, or it is added. */
  onChange(listener: (infoHash: InfoHash) => void): void {
    this.#listeners.add(listener)
  }

  /** Takes over an entry that is written down as it is. */
  restore(entry: CacheEntry): void {
    this.#kept.set(entry.contents.infoHash, { ...AS_WRITTEN, entry })
  }

  /** Adds a torrent that was found on disk. @param isNoted - its folder says how it is used */
  add(entry: CacheEntry, isNoted: boolean): void {
    this.#set({ ...AS_WRITTEN, entry, isUnnoted: !isNoted })
  }

  /** Replaces what is known of a torrent's contents. @param origin - of one that is new */
  put(contents: Contents, origin: Origin, isReduced = false): void {
    const known = this.#kept.get(contents.infoHash)
    const isNew = !known || known.isUnnoted
    const usage = isNew ? newUsage(origin, Date.now()) : known.entry.usage
    const before = known ?? AS_WRITTEN
    this.#set({
      ...before,
      entry: { contents, usage },
      isUnsaved: isNew || before.isUnsaved,
      isUnnoted: false,
      isReduced,
    })
  }

  change(infoHash: InfoHash, change: (usage: Usage) => Usage): void {
    const kept = this.#kept.get(infoHash)
    if (!kept) return
    kept.entry = { ...kept.entry, usage: change(kept.entry.usage) }
    kept.isUnnoted = false
    kept.isUnsaved = true
    kept.isUnlisted = true
  }

  remove(infoHash: InfoHash): void {
    this.#version++
    this.#kept.delete(infoHash)
    this.#removed.add(infoHash)
  }

  /** Those whose usage has to be saved; they count as saved from now on. */
  takeUnsaved(): InfoHash[] {
    return this.#take('isUnsaved')
  }

  noteSaved(infoHash: InfoHash): void {
    const kept = this.#kept.get(infoHash)
    if (kept) kept.hasFailed = false
  }

  /** It could not be saved, and has to be tried again. @returns whether it could be before */
  noteUnsaved(infoHash: InfoHash): boolean {
    const kept = this.#kept.get(infoHash)
    if (!kept) return false
    const isNews = !kept.hasFailed
    kept.isUnsaved = true
    kept.hasFailed = true
    return isNews
  }

  /** Those whose rows have to be written or deleted; they count as listed from now on. */
  takeUnlisted(): InfoHash[] {
    const removed = [...this.#removed]
    this.#removed.clear()
    return [...new Set([...removed, ...this.#take('isUnlisted')])]
  }

  /** Their rows have to be written, or deleted. */
  noteUnlisted(infoHashes: readonly InfoHash[]): void {
    for (const infoHash of infoHashes) {
      const kept = this.#kept.get(infoHash)
      if (kept) kept.isUnlisted = true
      else this.#removed.add(infoHash)
    }
  }

  #set(kept: Kept): void {
    const { infoHash } = kept.entry.contents
    this.#version++
    this.#kept.set(infoHash, { ...kept, isUnlisted: true })
    for (const tell of this.#listeners) tell(infoHash)
  }

  #take(flag: 'isUnsaved' | 'isUnlisted'): InfoHash[] {
    return [...this.#kept].flatMap(([infoHash, kept]) => {
      if (!kept[flag]) return []
      kept[flag] = false
      return [infoHash]
    })
  }
}

const AS_WRITTEN = {
  isUnsaved: false,
  hasFailed: false,
  isUnlisted: false,
  isUnnoted: false,
  isReduced: false,
}
