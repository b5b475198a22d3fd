import type { InfoHash } from '../bittorrent/info-hash.ts'
import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { type LinkChoice, MAIN_FILE } from '../choice/file-choice.ts'
import type { VideoId } from '../video-id.ts'

/** What a source finds for a film or an episode: a torrent, or another addon's stream, to be handed on as it is. */
export type Found = Candidate | PassThroughStream

/** One way to watch a film or an episode: a file of a torrent. */
export interface Candidate {
  readonly kind: 'torrent'
  readonly infoHash: InfoHash
  /** counted over all files of the torrent; absent where it is not known */
  readonly fileIdx?: number
  /** what this is, for a person: `Big Buck Bunny`, `Show S01E02` */
  readonly title: string
  /** No swarm has it: it is no torrent but a file of ours, so every device gets it from us. */
  readonly isLocal?: boolean
  /** Only its own trackers may be told of it (BEP 27), and with their keys they are for us alone: we give it to devices. */
  readonly isPrivate?: boolean
  readonly trackers: readonly string[]
  /** the same for all episodes of a series in the same quality, where the source itself knows; see `binge-group.ts` */
  readonly bingeKey?: string
  readonly quality?: string
  readonly fileName?: string
  /** bytes of the file, exactly */
  readonly sizeBytes?: number
  /** bytes of the whole torrent, where that is what the source tells */
  readonly torrentBytes?: number
  /** bytes of the file or of the torrent, from a rounded figure such as `1.4 GB` */
  readonly roughBytes?: number
  /** how many have the whole torrent, as the source says */
  readonly seeders?: number
  /** name that whoever made the torrent gave it, or its file: `Show.S01.1080p.WEB.H264-GROUP` */
  readonly releaseName?: string
  /** all files of the torrent, where its metadata has been seen */
  readonly files?: readonly TorrentFile[]
  /** the episode to choose a file for, where `fileIdx` does not say which file it is */
  readonly wish?: EpisodeWish
  /** what another addon says of it, as it said it */
  readonly upstream?: UpstreamWords
  /** names of the sources that know it */
  readonly foundBy?: readonly string[]
}

/** A stream of another addon that is no torrent: a link that devices open themselves. */
export interface PassThroughStream {
  readonly kind: 'pass-through'
  /** http or https */
  readonly url: string
  readonly title: string
  readonly releaseName?: string
  readonly roughBytes?: number
  readonly upstream: UpstreamWords
  readonly subtitles: readonly UpstreamSubtitle[]
  readonly foundBy?: readonly string[]
}

export interface EpisodeWish {
  /** absent where the series counts without seasons */
  readonly season?: number
  readonly episode: number
}

/** The words of another addon, in Stremio's form. */
export interface UpstreamWords {
  /** short label */
  readonly name?: string
  readonly description?: string
  readonly hints: BehaviorHints
}

/** @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/stream.md */
export interface BehaviorHints {
  readonly bingeGroup?: string
  readonly filename?: string
  /** bytes */
  readonly videoSize?: number
  /** OpenSubtitles' hash */
  readonly videoHash?: string
  readonly notWebReady?: boolean
  readonly countryWhitelist?: readonly string[]
  readonly proxyHeaders?: Readonly<Record<'request' | 'response', Readonly<Record<string, string>>>>
}

export interface UpstreamSubtitle {
  readonly id: string
  readonly url: string
  readonly lang: string
}

/** What to choose a file by, for a torrent of which nobody said which file is meant. */
export function wishOf(video: VideoId): EpisodeWish | undefined {
  if (video.kind !== 'episode') return undefined
  const { season, episode } = video
  return { ...(season === undefined ? {} : { season }), episode }
}

/** The file of a candidate, as far as it is known. */
export function choiceOf({ fileIdx, wish }: Candidate): LinkChoice {
  if (fileIdx !== undefined) return { kind: 'file', fileIdx }
  return wish ? { kind: 'episode', ...wish } : MAIN_FILE
}

/** A source may name the same torrent thousands of times, each time with other trackers. */
const MOST_TRACKERS = 60

/**
 * Makes one of those that are the same file of the same torrent, or the same link. The first says what it is; trackers
 * and sources are joined, and of several numbers of seeders the highest counts.
 */
export function mergeCandidates<T extends Found>(all: readonly T[]): T[] {
  const merged = new Map<string, T>()
  for (const found of all) {
    const key = found.kind === 'torrent' ? `${found.infoHash}/${found.fileIdx ?? ''}` : found.url
    merged.set(key, merge(merged.get(key), found))
  }
  return [...merged.values()]
}

function merge<T extends Found>(first: T | undefined, next: T): T {
  const foundBy = union(first?.foundBy, next.foundBy)
  return {
    ...next,
    ...first,
    ...(foundBy.length > 0 ? { foundBy } : {}),
    ...(next.kind === 'torrent' ? joinSwarms(first as Candidate | undefined, next) : {}),
  }
}

function joinSwarms(first: Candidate | undefined, next: Candidate): Partial<Candidate> {
  const seeders = Math.max(first?.seeders ?? -1, next.seeders ?? -1)
  const trackers = union(first?.trackers, next.trackers).slice(0, MOST_TRACKERS)
  return { trackers, ...(seeders >= 0 ? { seeders } : {}) }
}

function union(first: readonly string[] = [], second: readonly string[] = []): string[] {
  return [...new Set([...first, ...second])]
}
