import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { bingeGroupOf } from '../domain/list/binge-group.ts'
import type { Candidate, Found } from '../domain/list/candidate.ts'
import { describe } from '../domain/list/listing.ts'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'

/** In memory; a torrent takes some hundred bytes for each video that it was listed for. */
const MAX_LISTED_BYTES = 8 * 1024 * 1024
const VIDEO_BYTES = 250
/** Per torrent: a pack is listed for each of its episodes. */
const MAX_VIDEOS = 50

/** A torrent in a list. */
export interface ListedFor {
  /** what the list was for */
  readonly video: VideoId
  /** the same for the next episode in the same quality */
  readonly group: string
  /** absent where the list did not say it */
  readonly fileIdx?: number | undefined
}

/** The films and episodes that each torrent was listed for lately. */
export class ListedVideos {
  readonly #byTorrent = new LRUCache<InfoHash, readonly ListedFor[]>({
    maxSize: MAX_LISTED_BYTES,
    sizeCalculation: (listed) =>
      listed.reduce(
        (sum, { video, group }) => sum + VIDEO_BYTES + 2 * (video.id.length + group.length),
        VIDEO_BYTES,
      ),
  })

  note(video: VideoId, found: readonly Found[]): void {
    for (const candidate of torrentsOf(found)) {
      const { infoHash, file } = candidate
      const fileIdx = file.kind === 'file' ? file.fileIdx : undefined
      const listed = { video, group: groupOf(candidate), fileIdx }
      const others = this.find(infoHash).filter((other) => !isSame(other, listed))
      this.#byTorrent.set(infoHash, [listed, ...others].slice(0, MAX_VIDEOS))
    }
  }

  /** Newest first. */
  find(infoHash: InfoHash): readonly ListedFor[] {
    return this.#byTorrent.get(infoHash) ?? []
  }
}

export function torrentsOf(found: readonly Found[]): Candidate[] {
  return found.filter((each) => each.kind === 'torrent')
}

/** Stremio plays the next episode from the entry of the same group. */
export function groupOf(candidate: Candidate): string {
  return bingeGroupOf(describe(candidate), 'proxy')
}

function isSame(a: ListedFor, b: ListedFor): boolean {
  return (
    a.fileIdx === b.fileIdx &&
    a.video.kind === b.video.kind &&
    writeVideoId(a.video) === writeVideoId(b.video)
  )
}
