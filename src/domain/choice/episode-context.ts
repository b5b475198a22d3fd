import { readNumbers } from '../names/name-numbers.ts'
import { compareTitles, titleWords } from '../names/titles.ts'
import type { EpisodeChoice } from './file-choice.ts'
import type { Pack, ReadVideo } from './pack.ts'

/** What a pack as a whole tells about each of its videos, when an episode is looked for. */
export interface EpisodeContext {
  /** the only video that is no sample and no extra */
  readonly alone: ReadVideo | undefined
  /** of the wanted episode; for a series without seasons, that which its title says */
  readonly season: number | undefined
  readonly hasOnlySpecials: boolean
  /** seasons whose episodes are counted on where the season before ended */
  readonly countedOn: ReadonlySet<number>
  /** of the title, as far as it is known */
  readonly words: readonly string[]
  /** whether the title has nothing to do with what the pack and its only video are called */
  readonly isOtherTitle: boolean
  /** whether some names say the title, so that the others are of something else */
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

/** Whether folders and name of a video have all the words of a title. */
export function saysTitle({ pathWords }: ReadVideo, words: readonly string[]): boolean {
  return words.length > 0 && words.every((word) => pathWords.includes(` ${word} `))
}

/** `Show II - 05`: the number behind the title, where it is not a part of it. */
export function sequelOf({ title }: ReadVideo, words: readonly string[]): number | undefined {
  const end = title.lastIndexOf(' ')
  const sequel = title.slice(end + 1)
  const isBehindTitle = words.length > 0 && title.slice(0, Math.max(0, end)) === words.join(' ')
  return isBehindTitle && SEQUEL.test(sequel) ? Number(sequel) : undefined
}

/** `Show 2nd Season`, `Show II`; a title that says none is that of the first. */
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
