import { bingeGroupOf } from '../domain/binge-group.ts'
import type { BehaviorHints, Candidate, UpstreamSubtitle } from '../domain/candidate.ts'
import type { Delivery } from '../domain/device.ts'
import { spanInWords } from '../domain/in-words.ts'
import { diskState, type Listed } from '../domain/listing.ts'
import { fileNameOf } from '../domain/release-of.ts'
import { writeStreamAddress } from '../domain/stream-address.ts'
import { streamFileName } from './stream-file-name.ts'

/** A TV shows so many letters of a line. */
const LONGEST_LINE = 60
const MOST_LANGUAGES = 4

/** A stream object as Stremio reads it. @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/stream.md */
export interface StremioStream {
  readonly name: string
  readonly description: string
  readonly infoHash?: string
  readonly fileIdx?: number
  readonly sources?: readonly string[]
  readonly url?: string
  readonly subtitles?: readonly UpstreamSubtitle[]
  readonly behaviorHints: BehaviorHints
}

export interface PresentOptions {
  /** how the device reaches us, without a slash at the end */
  readonly baseUrl: string
  /** asked for every torrent, besides its own */
  readonly trackers: readonly string[]
}

type ListedTorrent = Listed<Candidate>

/** Writes a torrent the way the device needs it. Two ways are two objects: Stremio takes one with both for a URL. */
export function presentStreams(
  listed: ListedTorrent,
  delivery: Delivery,
  options: PresentOptions,
): StremioStream[] {
  if (listed.found.isLocal || listed.found.isPrivate) return [proxyStream(listed, options)]
  return [
    ...(delivery === 'magnet' ? [] : [proxyStream(listed, options)]),
    ...(delivery === 'proxy' ? [] : [magnetStream(listed, options)]),
  ]
}

function magnetStream(listed: ListedTorrent, { trackers }: PresentOptions): StremioStream {
  const { infoHash, fileIdx } = listed.found
  const announce = [...new Set([...listed.found.trackers, ...trackers])]
  return {
    name: labelOf(listed, 'P2P'),
    // What lies on our disk is no help to a device that fetches the torrent by itself.
    description: describeInLines({ ...listed, disk: undefined }),
    infoHash,
    ...(fileIdx === undefined ? {} : { fileIdx }),
    sources: [...announce.map((url) => `tracker:${url}`), `dht:${infoHash}`],
    behaviorHints: hintsOf(listed, 'magnet'),
  }
}

function proxyStream(listed: ListedTorrent, { baseUrl }: PresentOptions): StremioStream {
  const url = proxyUrl(listed, baseUrl)
  // Stremio's word for "a browser can play this": https, and an MP4.
  const isWebReady = url.startsWith('https:') && /\.mp4$/i.test(nameOnDisk(listed) ?? '')
  return {
    name: labelOf(listed, 'Server'),
    description: describeInLines(listed),
    url,
    behaviorHints: { ...hintsOf(listed, 'proxy'), notWebReady: !isWebReady },
  }
}

/**
 * Where nobody knows yet which file it is, the proxy is told the episode, and chooses when the metadata comes. Trackers of
 * a private torrent stay here, as the user's key is in them.
 */
function proxyUrl(listed: ListedTorrent, baseUrl: string): string {
  const { infoHash, fileIdx, trackers, isPrivate = false, wish } = listed.found
  const wanted = fileIdx ?? (wish && { kind: 'episode' as const, ...wish })
  const name = streamFileName(listed.found, nameOnDisk(listed))
  return `${baseUrl}/stream/proxy${writeStreamAddress({ infoHash, wanted, name, trackers, isPrivate })}`
}

function labelOf({ release, quality }: ListedTorrent, way: string): string {
  const picture = [quality, release.hdr[0]].filter(Boolean).join(' ')
  return [`self-streme ${way}`, picture].filter(Boolean).join('\n')
}

function describeInLines(listed: ListedTorrent): string {
  const { release, found, bytes } = listed
  const { source, codec, audio, languages, group } = release
  const size = bytes === undefined ? undefined : `${(bytes / 1e9).toFixed(2)} GB`
  const lines = [
    [found.title],
    [nameOnDisk(listed)],
    [...badgesOf(listed), size],
    [source, codec, audio[0], languages.slice(0, MOST_LANGUAGES).join(', '), group],
  ]
    .map((parts) => shortened(parts.filter(Boolean).join(' · ')))
    .filter((line) => line !== '')
  return [...new Set(lines)].join('\n')
}

/** What is true of it now, in signs. Where all of it is on disk, nobody has to have it. */
function badgesOf({ disk, found, withoutPeersMs }: ListedTorrent): string[] {
  const state = diskState(disk)
  if (state === 'whole') return ['⚡ on disk']
  const percent = Math.floor(100 * (disk?.share ?? 0))
  return [
    ...(withoutPeersMs === undefined ? [] : [`⚠ no peers ${agoInWords(withoutPeersMs)}`]),
    ...(state === 'part' ? [`⬇ ${percent} %`] : []),
    ...(found.seeders === undefined ? [] : [`👤 ${found.seeders}`]),
  ]
}

function agoInWords(ms: number): string {
  return ms < 60_000 ? 'just now' : `${spanInWords(ms)} ago`
}

function shortened(line: string): string {
  const letters = [...line]
  return letters.length <= LONGEST_LINE ? line : `${letters.slice(0, LONGEST_LINE - 1).join('')}…`
}

function hintsOf(listed: ListedTorrent, way: 'magnet' | 'proxy'): BehaviorHints {
  const { found, disk } = listed
  const theirs = found.upstream?.hints
  const videoSize = disk?.size ?? found.sizeBytes ?? theirs?.videoSize
  const videoHash = disk?.videoHash ?? theirs?.videoHash
  return {
    bingeGroup: bingeGroupOf(listed, way),
    // Without it, clients send the last part of the link to subtitle services, trackers and all.
    filename: streamFileName(found, nameOnDisk(listed)),
    ...(videoSize === undefined ? {} : { videoSize }),
    ...(videoHash === undefined ? {} : { videoHash }),
  }
}

function nameOnDisk({ found, disk }: ListedTorrent): string | undefined {
  return fileNameOf(found) ?? disk?.name
}
