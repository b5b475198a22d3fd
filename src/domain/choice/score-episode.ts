import { episodeLabel } from '../names/episode-label.ts'
import { type EpisodeContext, episodeContext, saysTitle, sequelOf } from './episode-context.ts'
import type { EpisodeChoice } from './file-choice.ts'
import type { Pack, ReadVideo } from './pack.ts'
import { less, no, type Verdict, yes } from './verdict.ts'

/** A video's own name beats its folder's, and both beat what siblings make likely. */
const SCORE = {
  itself: 100,
  byFolder: 95,
  absolute: 85,
  countedOn: 80,
  withoutSeason: 75,
  part: 55,
  alone: 20,
}
const LESS_FOR = { guess: 15, severalSeasons: 10, otherTitle: 5, severalEpisodes: 5 }

/** @returns a function that scores how likely a video is the episode */
export function episodeScorer(
  pack: Pack,
  videos: readonly ReadVideo[],
  wanted: EpisodeChoice,
): (video: ReadVideo) => Verdict {
  const context = episodeContext(pack, videos, wanted)
  return (video) => {
    const verdict = judge(video, wanted, context)
    if (verdict.score === 0 || !context.isTitleSaid || saysTitle(video, context.words)) return verdict
    return less(verdict, LESS_FOR.otherTitle, 'its name does not say the title')
  }
}

function judge(video: ReadVideo, wanted: EpisodeChoice, context: EpisodeContext): Verdict {
  const { seasons, episodes, absolute, part } = video.numbers
  if (episodes.length > 0 && seasons.length === 1) return judgeInSeason(video, wanted, context)
  if (episodes.length > 0) return judgeCounted(video, episodes, wanted, context)
  if (absolute.length > 0) return judgeCounted(video, absolute, wanted, context)
  if (part !== undefined) {
    const isSeason = (context.season ?? 1) === (seasons[0] ?? 1)
    return isSeason && part === wanted.episode ? yes(SCORE.part, `part ${part}`) : no(`part ${part}`)
  }
  return video === context.alone ? judgeAlone(video, wanted, context) : no('its name says no episode')
}

function judgeInSeason({ numbers }: ReadVideo, wanted: EpisodeChoice, context: EpisodeContext): Verdict {
  const { seasons, episodes, absolute, seasonOf, episodeOf, isGuess } = numbers
  const [season = 0] = seasons
  const label = episodeLabel(seasons, episodes)
  const isOfSeason =
    context.season === undefined ? season > 0 || context.hasOnlySpecials : season === context.season
  if (isOfSeason && episodes.includes(wanted.episode)) {
    const bySelf = seasonOf === 'file' && episodeOf === 'file'
    const why = bySelf ? 'as its name says' : 'as name and folder say'
    return lessSure(
      numbers,
      yes(bySelf ? SCORE.itself : SCORE.byFolder, `${label}, ${isGuess ? 'most likely' : why}`),
    )
  }
  if (wanted.absolute !== undefined && absolute.includes(wanted.absolute)) {
    return yes(SCORE.absolute, `${label}, and number ${wanted.absolute} of the series`)
  }
  // The first season is shorter than that, so the release counts all seasons as one.
  const isOneLongSeason = season === 1 && (wanted.season ?? 1) > 1
  const isCountedOn = isOneLongSeason || (isOfSeason && context.countedOn.has(season))
  if (wanted.absolute !== undefined && isCountedOn && episodes.includes(wanted.absolute)) {
    return lessSure(numbers, yes(SCORE.countedOn, `${label}, counted on from the season before`))
  }
  return no(label)
}

/** Numbers without season: counted from the first of the series, or there is only one season. */
function judgeCounted(
  video: ReadVideo,
  counted: readonly number[],
  wanted: EpisodeChoice,
  context: EpisodeContext,
): Verdict {
  const { numbers } = video
  const sequel = sequelOf(video, context.words)
  const label = `${episodeLabel([], counted)} of ${sequel === undefined ? 'no season' : `season ${sequel}, by its title`}`
  if (wanted.absolute !== undefined && counted.includes(wanted.absolute)) {
    return lessSure(numbers, yes(SCORE.countedOn, `${label}, counted from the first of the series`))
  }
  const isOfSeason = (context.season ?? 1) === (sequel ?? 1)
  return isOfSeason && counted.includes(wanted.episode)
    ? lessSure(numbers, yes(SCORE.withoutSeason, label))
    : no(label)
}

/** The only video, if no name gives an episode. */
function judgeAlone({ numbers, isDisc }: ReadVideo, wanted: EpisodeChoice, context: EpisodeContext): Verdict {
  const { seasons, year } = numbers
  if (isDisc) return no('a disc, and where on it the episode is cannot be known')
  if (seasons.length > 0 && context.season !== undefined && !seasons.includes(context.season)) {
    return no(`the only video, but of season ${seasons.join(', ')}`)
  }
  if (context.isOtherTitle) return no('the only video, but its title is another')
  if (year !== undefined && seasons.length === 0 && year !== wanted.year) {
    return no(`the only video, but called like a film of ${year}`)
  }
  return yes(SCORE.alone, 'the only video, and nothing speaks against it')
}

function lessSure({ isGuess, seasons, episodes, absolute }: ReadVideo['numbers'], sure: Verdict): Verdict {
  const count = Math.max(episodes.length, absolute.length)
  let verdict = sure
  if (isGuess) verdict = less(verdict, LESS_FOR.guess, 'nothing calls this number an episode')
  if (seasons.length > 1) verdict = less(verdict, LESS_FOR.severalSeasons, 'the pack has several seasons')
  if (count > 1) verdict = less(verdict, LESS_FOR.severalEpisodes, `one file for ${count} episodes`)
  return verdict
}
