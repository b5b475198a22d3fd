import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../src/domain/list/candidate.ts'

/** A torrent as a source gives it, of which only the release name is known. */
export function torrentCandidate(
  infoHash: InfoHash,
  releaseName: string,
  more: Partial<Candidate> = {},
): Candidate {
  return {
    kind: 'torrent',
    infoHash,
    title: releaseName,
    releaseName,
    file: { kind: 'main' },
    trackers: [],
    ...more,
  }
}
