import { readNumbers } from '../names/name-numbers.ts'
import { compareTitles, titleWords } from '../names/titles.ts'
import type { EpisodeChoice } from './file-choice.ts'
import type { Pack, ReadVideo } from './pack.ts'

/** What a pack says about all of its videos, when an episode is wanted. */
export interface EpisodeContext {
  /** the only video that is not a sample or an extra */
  readonly alone: ReadVideo | undefined
  /** of the wanted episode; for a series without seasons, the season in its title */
  readonly season: number | undefined
  readonly hasOnlySpecials: boolean
  /** seasons whose numbering continues that of the season before */
  readonly countedOn: ReadonlySet<number>
  /** of the title, if known */
  readonly words: readonly string[]
  /** whether the names of the pack and its only video do not match the title */
  readonly isOtherTitle: boolean
  /** whether some names contain the title, so that the others are probably something else */
  readonly isTitleSaid: boolean
}

const SEQUEL = /^[2-9]$/

export function episodeContext(
  pack: Pack,
  videos: readonly ReadVideo[],
  wanted: EpisodeChoice,
): EpisodeContext {
  const features = videos.filter(({ beside }) => !beside)
  const [only, ...others] = features
  const words = titleWords(wanted.title ?? '')
  const names = titleWords(`${pack.name} ${only?.file.path ?? ''}`)
  return {
    alone: others.length === 0 ? only : undefined,
    season: wanted.season ?? (wanted.title === undefined ? undefined : seasonOfTitle(wanted.title)),
    hasOnlySpecials: features.every(({ numbers }) => numbers.seasons[0] === 0),
    countedOn: seasonsCountedOn(features),
    words,
    isOtherTitle: words.length > 0 && compareTitles(names, words) === 'none',
    isTitleSaid: words.length > 0 && features.some((video) => saysTitle(video, words)),
  }
}

/** Whether the path of a video contains all words of a title. */
export function saysTitle({ pathWords }: ReadVideo, words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => pathWords.includes(` ${word} `))
}

/** `Show II - 05`: a number after the title that is not part of it. */
export function sequelOf({ title }: ReadVideo, words: readonly string[]): number | undefined {
  const end = title.lastIndexOf(' ')
  const sequel = title.slice(end + 1)
  const isBehindTitle = words.length > 0 && title.slice(0, Math.max(0, end)) === words.join(' ')
  return isBehindTitle && SEQUEL.test(sequel) ? Number(sequel) : undefined
}

/** `Show 2nd Season`, `Show II`; a title without a number is that of the first. */
function seasonOfTitle(title: string): number {
  const sequel = titleWords(title).slice(1).at(-1) ?? ''
  return readNumbers(title, false).seasons[0] ?? (SEQUEL.test(sequel) ? Number(sequel) : 1)
}

function seasonsCountedOn(videos: readonly ReadVideo[]): Set<number> {
  const spans = new Map<number, { first: number; last: number }>()
  for (const { numbers } of videos) {
    const [season, ...others] = numbers.seasons
    const [first] = numbers.episodes
    if (season === undefined || first === undefined || others.length > 0) continue
    const span = spans.get(season) ?? { first, last: first }
    spans.set(season, {
      first: Math.min(span.first, first),
      last: Math.max(span.last, numbers.episodes.at(-1) ?? first),
    })
  }
  const isCountedOn = ([season, { first }]: readonly [number, { first: number }]) =>
    season > 1 && spans.get(season - 1)?.last === first - 1
  return new Set([...spans].filter(isCountedOn).map(([season]) => season))
}
