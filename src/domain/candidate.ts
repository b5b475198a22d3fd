import type { InfoHash } from './info-hash.ts'

/** One way to watch a film or an episode. */
export interface Candidate {
  readonly infoHash: InfoHash
  /** counted over all files of the torrent; absent where it is not known */
  readonly fileIdx?: number
  /** what this is, for a person: `Big Buck Bunny`, `Show S01E02` */
  readonly title: string
  readonly trackers: readonly string[]
  /** the same for all episodes of a series in the same quality, so that the next one is found by itself */
  readonly bingeKey: string
  readonly quality?: string
  readonly fileName?: string
  readonly sizeBytes?: number
}

/** Makes one of those that are the same file of the same torrent; the first says what it is, trackers are joined. */
export function mergeCandidates(candidates: readonly Candidate[]): Candidate[] {
  const merged = new Map<string, Candidate>()
  for (const candidate of candidates) {
    const key = `${candidate.infoHash}/${candidate.fileIdx ?? ''}`
    const first = merged.get(key)
    const trackers = [...new Set([...(first?.trackers ?? []), ...candidate.trackers])]
    merged.set(key, { ...candidate, ...first, trackers })
  }
  return [...merged.values()]
}
