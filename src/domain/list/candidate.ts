import { withoutUndefined } from '../../lib/without-undefined.ts'
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
  /** its index if any source names it, else what to choose it by */
  readonly file: LinkChoice
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
  readonly size?: StatedSize
  /** how many have the whole torrent, as the source says */
  readonly seeders?: number
  /** name that whoever made the torrent gave it, or its file: `Show.S01.1080p.WEB.H264-GROUP` */
  readonly releaseName?: string
  /** all files of the torrent, where its metadata has been seen */
  readonly files?: readonly TorrentFile[]
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
  readonly size?: StatedSize
  readonly upstream: UpstreamWords
  readonly subtitles: readonly UpstreamSubtitle[]
  readonly foundBy?: readonly string[]
}

/** How large something is, as a source states it. */
export interface StatedSize {
  readonly bytes: number
  /** the video itself, or all files of the torrent together */
  readonly of: 'file' | 'torrent'
  /** `false` for a rounded figure such as `1.4 GB`, which may be of the torrent too */
  readonly exact: boolean
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

/** The file of a torrent that no source names: chosen when the names of its files are known. */
export function unnamedFileOf(video: VideoId): LinkChoice {
  if (video.kind !== 'episode') return MAIN_FILE
  const { season, episode } = video
  return { kind: 'episode', ...(season === undefined ? {} : { season }), episode }
}

/** Bytes of the video, where a source states them exactly. */
export function exactFileSize({ size }: Candidate): number | undefined {
  return size?.of === 'file' && size.exact ? size.bytes : undefined
}

/** A source may name the same torrent thousands of times, each time with other trackers. */
const MAX_TRACKERS = 60

/**
 * Makes one of those that are the same file of the same torrent, or the same link. The first says what it is; trackers
 * and sources are joined, and of several numbers of seeders the highest counts.
 */
export function mergeCandidates<T extends Found>(all: readonly T[]): T[] {
  const merged = new Map<string, T>()
  for (const found of all) {
    const key = found.kind === 'torrent' ? keyOf(found) : found.url
    merged.set(key, merge(merged.get(key), found))
  }
  return [...merged.values()]
}

/** One for each file that a source names, and one for the file that none names. */
function keyOf({ infoHash, file }: Candidate): string {
  return `${infoHash}/${file.kind === 'file' ? file.fileIdx : ''}`
}

function merge<T extends Found>(first: T | undefined, next: T): T {
  const foundBy = union(first?.foundBy, next.foundBy)
  return {
    ...next,
    ...first,
    ...(foundBy.length > 0 ? { foundBy } : {}),
    ...(next.kind === 'torrent' ? joinTorrents(first as Candidate | undefined, next) : {}),
    ...withoutUndefined({ size: surer(first?.size, next.size) }),
  }
}

function joinTorrents(first: Candidate | undefined, next: Candidate): Partial<Candidate> {
  const seeders = Math.max(first?.seeders ?? -1, next.seeders ?? -1)
  const trackers = union(first?.trackers, next.trackers).slice(0, MAX_TRACKERS)
  // "The largest video" is what a source says that knows no better.
  const file = first && first.file.kind !== 'main' ? first.file : next.file
  return { file, trackers, ...(seeders >= 0 ? { seeders } : {}) }
}

/** The first of those that say most of the video itself. */
function surer(first: StatedSize | undefined, next: StatedSize | undefined): StatedSize | undefined {
  return first && next ? (worthOf(next) > worthOf(first) ? next : first) : (first ?? next)
}

function worthOf({ of, exact }: StatedSize): number {
  return of === 'torrent' ? 0 : exact ? 2 : 1
}

function union(first: readonly string[] = [], second: readonly string[] = []): string[] {
  return [...new Set([...first, ...second])]
}
