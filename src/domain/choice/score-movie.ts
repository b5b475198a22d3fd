import { episodeLabel } from '../names/episode-label.ts'
import { compareTitles, type TitleMatch, titleWords } from '../names/titles.ts'
import type { MovieChoice } from './file-choice.ts'
import { type FilmName, filmBehindYear } from './film.ts'
import type { ReadVideo } from './pack.ts'
import { less, no, type Verdict, yes } from './verdict.ts'

const SCORE = { only: 60, film: 50, sameTitle: 30, titleWithin: 20, year: 20, nearYear: 10, yearOnly: 40 }
const LESS_FOR = { size: 30, part: 2 }
/** A video smaller than this share of the largest is hardly a film. */
const MIN_SHARE = 0.4
/** Films in a collection; in a larger one, names are not examined further. */
const MAX_IN_COLLECTION = 500
const SEQUEL = /^(?:(?:part|chapter|episode|vol|volume) )?(?:[2-9]|1\d)(?: |$)/

/** @returns a function that scores how likely a video is the film */
export function movieScorer(
  videos: readonly ReadVideo[],
  wanted: MovieChoice,
): (video: ReadVideo) => Verdict {
  const features = videos.filter(({ beside }) => !beside)
  const isOfSeries = features.filter(isEpisode).length > 1
  const films = features.filter((video) => !isOfSeries || !isEpisode(video))
  const largest = films.reduce((most, { file }) => Math.max(most, file.length), 0)
  const isSmall = ({ file }: ReadVideo) => file.length < largest * MIN_SHARE
  const names = new Set(films.filter((video) => !isSmall(video)).map(({ film }) => nameOf(film)))
  const isCollection = films.length <= MAX_IN_COLLECTION
  const hasChoice = names.size > 1 && (wanted.title ?? wanted.year) !== undefined

  return (video) => {
    const { seasons, episodes } = video.numbers
    if (isOfSeries && isEpisode(video)) return no(`${episodeLabel(seasons, episodes)} of a series`)
    const behindYear = isCollection && filmBehindYear(video.file.name, [wanted.title ?? ''], video.folder)
    const film = behindYear || video.film
    const verdict = hasChoice ? compare(film, wanted) : likely(names.size > 1, isSmall(video))
    const { part = 1 } = film
    return verdict.score > 0 && part > 1 ? less(verdict, LESS_FOR.part, `part ${part}`) : verdict
  }
}

function isEpisode({ numbers }: ReadVideo): boolean {
  return numbers.seasons.length > 0 && numbers.episodes.length > 0
}

/** Equal for both halves of a film, and for a film in two resolutions. */
function nameOf({ title, year }: FilmName): string {
  return `${title} ${year ?? ''}`
}

/** For a single film, or if several cannot be told apart. */
function likely(areSeveral: boolean, isSmall: boolean): Verdict {
  if (isSmall) return yes(SCORE.film - LESS_FOR.size, 'much smaller than the largest')
  return areSeveral ? yes(SCORE.film, 'one of several films') : yes(SCORE.only, 'the only film')
}

/** One of several films. */
function compare({ title: name, folderTitle, year }: FilmName, wanted: MovieChoice): Verdict {
  const title = titleWords(wanted.title ?? '')
  // A year may be the title, or part of it.
  const isYearSaid = year !== undefined && wanted.year !== undefined && !title.includes(String(year))
  const difference = isYearSaid ? Math.abs(year - wanted.year) : undefined
  if (difference !== undefined && difference > 1) return no(`a film of ${year}`)

  const byYear = difference === undefined ? 0 : difference === 0 ? SCORE.year : SCORE.nearYear
  const yearReasons = byYear === 0 ? [] : [difference === 0 ? `of ${year}` : `of ${year}, a year off`]
  if (title.length === 0)
    return byYear > 0 ? yes(SCORE.film + byYear, ...yearReasons) : no('its year is not known')

  const [own, ofFolder] = [name, folderTitle].map((said) => matchOf(said.split(' '), title))
  const match = own === 'same' || own === 'within' ? own : ofFolder
  if (match === 'same') return yes(SCORE.film + SCORE.sameTitle + byYear, 'called like it', ...yearReasons)
  if (match === 'within')
    return yes(SCORE.film + SCORE.titleWithin + byYear, 'its name has the title', ...yearReasons)
  if (difference === 0 && own !== 'sequel') return yes(SCORE.yearOnly, `called otherwise, but of ${year}`)
  return no('called otherwise')
}

/** `Film 2` and `Film Part 2` are not `Film`. */
function matchOf(name: readonly string[], title: readonly string[]): TitleMatch | 'sequel' {
  const match = compareTitles(name, title)
  const behind = name.slice(name.indexOf(title.at(-1) ?? '') + 1).join(' ')
  return match === 'within' && SEQUEL.test(behind) ? 'sequel' : match
}
