import { bingeGroupOf } from '../domain/list/binge-group.ts'
import { type BehaviorHints, exactFileSize, type UpstreamSubtitle } from '../domain/list/candidate.ts'
import type { Delivery } from '../domain/list/device.ts'
import type { ListedTorrent } from '../domain/list/listing.ts'
import { fileNameOf } from '../domain/list/release-of.ts'
import { writeStreamAddress } from '../domain/stream-address.ts'
import { describeStream, pictureOf } from './describe-stream.ts'
import { streamFileName } from './stream-file-name.ts'

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
  const { infoHash, file } = listed.found
  const announce = [...new Set([...listed.found.trackers, ...trackers])]
  return {
    name: labelOf(listed, 'P2P'),
    // What lies on our disk is no help to a device that fetches the torrent by itself.
    description: describeStream({ ...listed, disk: undefined }),
    infoHash,
    ...(file.kind === 'file' ? { fileIdx: file.fileIdx } : {}),
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
    description: describeStream(listed),
    url,
    behaviorHints: { ...hintsOf(listed, 'proxy'), notWebReady: !isWebReady },
  }
}

/**
 * Where nobody knows yet which file it is, the proxy is told the episode, and chooses when the metadata comes. Trackers of
 * a private torrent stay here, as the user's key is in them.
 */
function proxyUrl(listed: ListedTorrent, baseUrl: string): string {
  const { infoHash, file: choice, trackers, isPrivate = false } = listed.found
  const name = streamFileName(listed.found, nameOnDisk(listed))
  return `${baseUrl}/stream/proxy${writeStreamAddress({ infoHash, choice, name, trackers, isPrivate })}`
}

function labelOf(listed: ListedTorrent, way: string): string {
  return [`self-streme ${way}`, pictureOf(listed)].filter(Boolean).join('\n')
}

function hintsOf(listed: ListedTorrent, way: 'magnet' | 'proxy'): BehaviorHints {
  const { found, disk } = listed
  const theirs = found.upstream?.hints
  const videoSize = disk?.size ?? exactFileSize(found) ?? theirs?.videoSize
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
