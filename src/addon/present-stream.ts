import { bingeGroupOf } from '../domain/list/binge-group.ts'
import { type BehaviorHints, exactFileSize, type UpstreamSubtitle } from '../domain/list/candidate.ts'
import type { Delivery } from '../domain/list/device.ts'
import type { ListedTorrent } from '../domain/list/listing.ts'
import { fileNameOf } from '../domain/list/release-of.ts'
import { writeStreamAddress } from '../domain/stream-address.ts'
import { describeStream, pictureOf } from './describe-stream.ts'
import { streamFileName } from './stream-file-name.ts'

/**
 * A stream object as Stremio reads it. @see
 * https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/stream.md
 */
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
  /** address by which the device reaches us, without trailing slash */
  readonly baseUrl: string
  /** used for every torrent, in addition to its own */
  readonly trackers: readonly string[]
}

/** Formats a torrent for the device. Two ways are two objects: Stremio treats an object with both as a URL. */
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
  const { infoHash, file } = listed.found
  const fileName = streamFileName(listed.found, nameOnDisk(listed))
  const announce = [...new Set([...listed.found.trackers, ...trackers])]
  return {
    name: labelOf(listed, 'P2P'),
    // A copy on our disk does not help a device that fetches the torrent itself.
    description: describeStream({ ...listed, disk: undefined }),
    infoHash,
    ...(file.kind === 'file' ? { fileIdx: file.fileIdx } : {}),
    sources: [...announce.map((url) => `tracker:${url}`), `dht:${infoHash}`],
    behaviorHints: hintsOf(listed, 'magnet', fileName),
  }
}

function proxyStream(listed: ListedTorrent, { baseUrl }: PresentOptions): StremioStream {
  const fileName = streamFileName(listed.found, nameOnDisk(listed))
  const url = proxyUrl(listed, fileName, baseUrl)
  // Stremio's term for "a browser can play this": https, and an MP4.
  const isWebReady = url.startsWith('https:') && /\.mp4$/i.test(nameOnDisk(listed) ?? '')
  return {
    name: labelOf(listed, 'Server'),
    description: describeStream(listed),
    url,
    behaviorHints: { ...hintsOf(listed, 'proxy', fileName), notWebReady: !isWebReady },
  }
}

/**
 * If the file is not known yet, the link names the episode, and the proxy chooses when the metadata is there. Trackers
 * of a private torrent are left out, as they contain the user's passkey.
 */
function proxyUrl({ found }: ListedTorrent, name: string, baseUrl: string): string {
  const { infoHash, file: choice, trackers, isPrivate = false } = found
  return `${baseUrl}/stream/proxy${writeStreamAddress({ infoHash, choice, name, trackers, isPrivate })}`
}

function labelOf(listed: ListedTorrent, way: string): string {
  return [`self-streme ${way}`, pictureOf(listed)].filter(Boolean).join('\n')
}

function hintsOf(listed: ListedTorrent, way: 'magnet' | 'proxy', filename: string): BehaviorHints {
  const { found, disk } = listed
  const theirs = found.upstream?.hints
  const videoSize = disk?.size ?? exactFileSize(found) ?? theirs?.videoSize
  const videoHash = disk?.videoHash ?? theirs?.videoHash
  return {
    bingeGroup: bingeGroupOf(listed, way),
    // Without it, clients send the last segment of the link to subtitle services, trackers included.
    filename,
    ...(videoSize === undefined ? {} : { videoSize }),
    ...(videoHash === undefined ? {} : { videoHash }),
  }
}

function nameOnDisk({ found, disk }: ListedTorrent): string | undefined {
  return fileNameOf(found) ?? disk?.name
}
