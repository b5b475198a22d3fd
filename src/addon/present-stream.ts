import type { BehaviorHints, Candidate, UpstreamSubtitle } from '../domain/candidate.ts'
import type { Delivery } from '../domain/device.ts'

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

/** Writes a candidate the way the device needs it. Two ways are two objects: Stremio takes one with both for a URL. */
export function presentStreams(
  candidate: Candidate,
  delivery: Delivery,
  options: PresentOptions,
): StremioStream[] {
  if (candidate.isLocal) return [proxyStream(candidate, options)]
  return [
    ...(delivery === 'magnet' ? [] : [proxyStream(candidate, options)]),
    ...(delivery === 'proxy' ? [] : [magnetStream(candidate, options)]),
  ]
}

function magnetStream(candidate: Candidate, { trackers }: PresentOptions): StremioStream {
  const { infoHash, fileIdx } = candidate
  const announce = [...new Set([...candidate.trackers, ...trackers])]
  return {
    name: nameOf(candidate, 'P2P'),
    description: descriptionOf(candidate, 'Torrent, fetched by this device'),
    infoHash,
    ...(fileIdx === undefined ? {} : { fileIdx }),
    sources: [...announce.map((url) => `tracker:${url}`), `dht:${infoHash}`],
    behaviorHints: hintsOf(candidate, 'magnet'),
  }
}

function proxyStream(candidate: Candidate, { baseUrl }: PresentOptions): StremioStream {
  const url = proxyUrl(candidate, baseUrl)
  // Stremio's word for "a browser can play this": https, and an MP4.
  const isWebReady = url.startsWith('https:') && /\.mp4$/i.test(candidate.fileName ?? '')
  return {
    name: nameOf(candidate, 'Server'),
    description: descriptionOf(candidate, 'Video, fetched by your server'),
    url,
    behaviorHints: { ...hintsOf(candidate, 'proxy'), notWebReady: !isWebReady },
  }
}

function proxyUrl({ infoHash, fileIdx, fileName, trackers }: Candidate, baseUrl: string): string {
  const path = [
    infoHash,
    ...(fileIdx === undefined ? [] : [String(fileIdx), ...(fileName ? [fileName] : [])]),
  ]
  const query = new URLSearchParams(trackers.map((url): [string, string] => ['tr', url])).toString()
  return `${baseUrl}/stream/proxy/${path.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}${query && `?${query}`}`
}

function nameOf({ quality }: Candidate, label: string): string {
  return [`self-streme ${label}`, ...(quality ? [quality] : [])].join('\n')
}

function descriptionOf({ title, fileName, sizeBytes }: Candidate, how: string): string {
  const size = sizeBytes === undefined ? [] : [`${(sizeBytes / 1e9).toFixed(2)} GB`]
  return [title, ...(fileName ? [fileName] : []), [...size, how].join(' · ')].join('\n')
}

function hintsOf(
  { bingeKey, fileName, sizeBytes }: Candidate,
  way: 'magnet' | 'proxy',
): StremioStream['behaviorHints'] {
  return {
    bingeGroup: `self-streme|${bingeKey}|${way}`,
    ...(fileName === undefined ? {} : { filename: fileName }),
    ...(sizeBytes === undefined ? {} : { videoSize: sizeBytes }),
  }
}
