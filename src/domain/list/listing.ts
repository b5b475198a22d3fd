import { holdsSeveral } from '../choice/pack.ts'
import type { ReleaseName } from '../names/release-name.ts'
import type { Candidate, Found } from './candidate.ts'
import type { ListOptions, ResolutionClass } from './list-options.ts'
import { fileNameOf, nameOf, releaseOf } from './release-of.ts'

/** How much of a video is on our disk. */
export interface OnDisk {
  /** from 0 to 1; 1 only if it is complete */
  readonly share: number
  /** bytes of the complete video */
  readonly size: number
  readonly name: string
  /** OpenSubtitles' hash, once head and tail are there */
  readonly videoHash?: string | undefined
}

/** One entry of a list: a way to watch, and what decides its position. */
export interface Listed<T extends Found = Found> {
  readonly found: T
  readonly release: ReleaseName
  /** `1080p`, for a person to read */
  readonly quality?: string | undefined
  readonly resolution: ResolutionClass
  /** bytes of the video, if known */
  readonly bytes?: number | undefined
  /** whether the torrent contains more than the requested video */
  readonly isPack: boolean
  readonly disk?: OnDisk | undefined
  /** time since its swarm had no peers, in ms; absent if it may have some, or needs none */
  readonly withoutPeersMs?: number | undefined
}

export type ListedTorrent = Listed<Candidate>

export interface Dropped {
  readonly listed: Listed
  /** for a person to read */
  readonly why: string
}

export interface Listing {
  /** best first */
  readonly kept: readonly Listed[]
  readonly dropped: readonly Dropped[]
}

/** Characters of a name in which words are searched. */
const MAX_LENGTH = 1_000
/** A smaller share on disk is not shown. */
const MIN_SHARE = 0.01
const PLACES = { whole: 0, part: 1, none: 2 }
/** Films are cropped: 1920 × 800 is called 1080. */
const LINES: readonly (readonly [least: number, ResolutionClass])[] = [
  [1800, '2160'],
  [1200, '1440'],
  [900, '1080'],
  [650, '720'],
  [0, '480'],
]

/**
 * @param disk - what is on disk of it
 * @param askedInVainMs - time since its swarm had no peers, in ms
 */
export function describe<T extends Found>(found: T, disk?: OnDisk, askedInVainMs?: number): Listed<T> {
  const release = releaseOf(found)
  const said = found.kind === 'torrent' ? found.quality : undefined
  const quality = said ?? release.resolution ?? /\b\d{3,4}p\b/i.exec(found.title)?.[0]
  const isPack =
    release.isPack || (found.kind === 'torrent' && found.files !== undefined && holdsSeveral(found.files))
  const bytes = disk?.size ?? bytesOf(found, isPack)
  const withoutPeersMs = diskState(disk) === 'whole' ? undefined : askedInVainMs
  return { found, release, quality, resolution: classOf(quality), bytes, isPack, disk, withoutPeersMs }
}

/** Filters and sorts: what starts at once comes first, what has no peers last. */
export function arrange(all: readonly Listed[], options: ListOptions): Listing {
  const { maxPerResolution: most = Number.POSITIVE_INFINITY } = options
  const dropped: Dropped[] = []
  const wanted = all.filter((listed) => {
    const why = whyNot(listed, options)
    if (why !== undefined) dropped.push({ listed, why })
    return why === undefined
  })
  const counts = new Map<ResolutionClass, number>()
  const kept = wanted.toSorted(byWorth(options)).filter((listed) => {
    const count = (counts.get(listed.resolution) ?? 0) + 1
    counts.set(listed.resolution, count)
    if (count > most) dropped.push({ listed, why: `there are ${most} better ones of ${listed.resolution}` })
    return count <= most
  })
  return { kept, dropped }
}

/** Whether it is complete on disk, partly there, or not. */
export function diskState(disk: OnDisk | undefined): 'whole' | 'part' | 'none' {
  if (disk === undefined || disk.share < MIN_SHARE) return 'none'
  return disk.share >= 1 ? 'whole' : 'part'
}

function whyNot({ found, release, resolution, bytes }: Listed, options: ListOptions): string | undefined {
  const { resolutions, maxBytes, languages, excludedWords } = options
  if (!resolutions.includes(resolution)) return `its resolution is ${resolution}`
  if (bytes !== undefined && maxBytes !== undefined && bytes > maxBytes)
    return `${gigabytes(bytes)} is more than ${gigabytes(maxBytes)}`
  const spoken = release.languages
  const isUnderstood =
    spoken.length === 0 ||
    release.isMultiLanguage ||
    spoken.some((language) => languages.includes(language.slice(0, 2)))
  if (languages.length > 0 && !isUnderstood) return `its languages are ${spoken.join(', ')}`
  if (excludedWords.length === 0) return undefined
  const words = wordsOf([nameOf(found), fileNameOf(found)].join(' '))
  const excluded = excludedWords.find((word) => words.has(word))
  return excluded === undefined ? undefined : `its name says "${excluded}"`
}

/** `HD-TS` counts as one word and as two. */
function wordsOf(name: string): Set<string> {
  const words = name
    .slice(0, MAX_LENGTH)
    .toLowerCase()
    .normalize('NFC')
    .split(/[^\p{L}\p{M}\p{N}+-]+/u)
  return new Set(words.flatMap((word) => [word, ...word.split('-')]))
}

function byWorth({ resolutions }: ListOptions) {
  return (a: Listed, b: Listed) =>
    Number(a.withoutPeersMs !== undefined) - Number(b.withoutPeersMs !== undefined) ||
    PLACES[diskState(a.disk)] - PLACES[diskState(b.disk)] ||
    resolutions.indexOf(a.resolution) - resolutions.indexOf(b.resolution) ||
    seedersOf(b.found) - seedersOf(a.found) ||
    (b.bytes ?? 0) - (a.bytes ?? 0)
}

function classOf(quality = ''): ResolutionClass {
  if (/4k|uhd/i.test(quality)) return '2160'
  const lines = Number(/\d{3,4}/.exec(quality)?.[0])
  return LINES.find(([least]) => lines >= least)?.[1] ?? 'other'
}

function bytesOf(found: Found, isPack: boolean): number | undefined {
  // The size of a season says nothing about one episode.
  return isPack && found.size?.of === 'torrent' ? undefined : found.size?.bytes
}

function seedersOf(found: Found): number {
  return found.kind === 'torrent' ? (found.seeders ?? 0) : 0
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`
}
