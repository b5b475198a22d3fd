import type { InfoHash } from '../bittorrent/info-hash.ts'
import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { type LinkChoice, MAIN_FILE } from '../choice/file-choice.ts'
import type { VideoId } from '../video-id.ts'

/** A result of a source for a film or an episode: a torrent, or another addon's stream to pass on. */
export type Found = Candidate | PassThroughStream

/** One way to watch a film or an episode: a file of a torrent. */
export interface Candidate {
  readonly kind: 'torrent'
  readonly infoHash: InfoHash
  /** its index if any source names it, else how to choose it */
  readonly file: LinkChoice
  /** for a person to read: `Big Buck Bunny`, `Show S01E02` */
  readonly title: string
  /** In no swarm: a file of ours, so every device gets it from us. */
  readonly isLocal?: boolean
  /** Only its own trackers may be asked (BEP 27), and their passkeys stay here: devices get it from us. */
  readonly isPrivate?: boolean
  readonly trackers: readonly string[]
  /** equal for all episodes of a series in the same quality, if the source knows; see `binge-group.ts` */
  readonly bingeKey?: string
  readonly quality?: string
  readonly fileName?: string
  readonly size?: StatedSize
  /** complete peers, as counted by the source */
  readonly seeders?: number
  /** name of the torrent or of its file: `Show.S01.1080p.WEB.H264-GROUP` */
  readonly releaseName?: string
  /** all files of the torrent, if its metadata is known */
  readonly files?: readonly TorrentFile[]
  /** another addon's own texts, unchanged */
  readonly upstream?: UpstreamWords
  /** names of the sources that found it */
  readonly foundBy?: readonly string[]
}

/** A stream of another addon that is not a torrent: a link that devices open themselves. */
export interface PassThroughStream {
  readonly kind: 'pass-through'
  /** http or https */
  readonly url: string
  readonly title: string
  readonly releaseName?: string
  readonly size?: StatedSize
  readonly upstream: UpstreamWords
  readonly subtitles: readonly UpstreamSubtitle[]
  readonly foundBy?: readonly string[]
}

/** A size as stated by a source. */
export interface StatedSize {
  readonly bytes: number
  /** the video, or all files of the torrent together */
  readonly of: 'file' | 'torrent'
  /** `false` for a rounded figure such as `1.4 GB`, which may be the torrent's */
  readonly exact: boolean
}

/** Texts of another addon, in Stremio's form. */
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

/** The choice for a torrent without a named file: made when the names of its files are known. */
export function unnamedFileOf(video: VideoId): LinkChoice {
  if (video.kind !== 'episode') return MAIN_FILE
  const { season, episode } = video
  return { kind: 'episode', ...(season === undefined ? {} : { season }), episode }
}

/** Exact size of the video, if a source states it. */
export function exactFileSize({ size }: Candidate): number | undefined {
  return size?.of === 'file' && size.exact ? size.bytes : undefined
}

/** A source may list the same torrent thousands of times, with different trackers. */
const MAX_TRACKERS = 60

/**
 * Merges entries for the same file of the same torrent, or the same link. The first entry gives the texts; trackers and
 * sources are joined, and the highest number of seeders counts.
 */
export function mergeCandidates<T extends Found>(all: readonly T[]): T[] {
  const merged = new Map<string, T>()
  for (const found of all) {
    const key = found.kind === 'torrent' ? keyOf(found) : found.url
    merged.set(key, merge(merged.get(key), found))
  }
  return [...merged.values()]
}

/** One key for each named file, and one for the unnamed file. */
function keyOf({ infoHash, file }: Candidate): string {
  return `${infoHash}/${file.kind === 'file' ? file.fileIdx : ''}`
}

function merge<T extends Found>(first: T | undefined, next: T): T {
  const foundBy = union(first?.foundBy, next.foundBy)
  const size = surer(first?.size, next.size)
  return {
    ...next,
    ...first,
    ...(foundBy.length > 0 ? { foundBy } : {}),
    ...(next.kind === 'torrent' ? joinTorrents(first as Candidate | undefined, next) : {}),
    ...(size === undefined ? {} : { size }),
  }
}

function joinTorrents(first: Candidate | undefined, next: Candidate): Partial<Candidate> {
  const seeders = Math.max(first?.seeders ?? -1, next.seeders ?? -1)
  const trackers = union(first?.trackers, next.trackers).slice(0, MAX_TRACKERS)
  // "The largest video" comes from sources that know no better.
  const file = first && first.file.kind !== 'main' ? first.file : next.file
  return { file, trackers, ...(seeders >= 0 ? { seeders } : {}) }
}

/** The first of the sizes that are closest to that of the video. */
function surer(first: StatedSize | undefined, next: StatedSize | undefined): StatedSize | undefined {
  return first && next ? (worthOf(next) > worthOf(first) ? next : first) : (first ?? next)
}

function worthOf({ of, exact }: StatedSize): number {
  return of === 'torrent' ? 0 : exact ? 2 : 1
}

function union(first: readonly string[] = [], second: readonly string[] = []): string[] {
  return [...new Set([...first, ...second])]
}
