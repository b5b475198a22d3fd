import { episodeLabel } from '../names/episode-label.ts'
import { halfOf } from '../names/halves.ts'
import { folderOf, isPlayable, type Pack, type ReadVideo, readPack } from './pack.ts'
import { episodeScorer } from './score-episode.ts'
import { movieScorer } from './score-movie.ts'
import { no, type Verdict, yes } from './verdict.ts'
import type { EpisodeWish, MovieWish, Wish } from './wish.ts'

/** A video that was looked at. */
export interface Considered extends Verdict {
  /** counted over all files of the torrent from 0 */
  readonly index: number
  readonly path: string
}

export type Choice =
  | (Considered & {
      readonly kind: 'chosen'
      /** all that were looked at, the likeliest first */
      readonly considered: readonly Considered[]
    })
  | {
      readonly kind: 'refused'
      /** in words, for a person */
      readonly reason: string
      readonly considered: readonly Considered[]
    }

/**
 * Which file of a torrent to play. A film may be the largest video, since most torrents hold one; an episode never is:
 * where no name says it nothing is chosen, for the wrong episode is worse than none. In which order the files come does
 * not matter.
 *
 * @param pack - its names are read once, as long as it is the same object
 */
export function chooseFile(pack: Pack, wish: Wish): Choice {
  switch (wish.kind) {
    case 'file':
      return chooseByIndex(pack, wish.fileIdx)
    case 'largest':
      return decide(ranked(readPack(pack), () => yes(1, 'a video')))
    case 'movie':
      return chooseMovie(pack, wish)
    case 'episode':
      return chooseEpisode(pack, wish)
    case 'unsaid':
      return chooseOnly(pack)
  }
}

/** The largest video; `undefined` where there is none. */
export function mainFileOf(pack: Pack): number | undefined {
  const choice = chooseFile(pack, { kind: 'largest' })
  return choice.kind === 'chosen' ? choice.index : undefined
}

function chooseByIndex({ files }: Pack, index: number): Choice {
  const file = files[index]
  if (!file) return refused(`there is no file ${index}`)
  if (!isPlayable(file)) return refused(`file ${index} is no video`)
  const chosen = { index, path: file.path, score: 100, reasons: ['asked for by its index'] }
  return { ...chosen, kind: 'chosen', considered: [chosen] }
}

function chooseMovie(pack: Pack, wish: MovieWish): Choice {
  const videos = readPack(pack)
  const name = [wish.title, wish.year].filter((part) => part !== undefined).join(', ')
  return decide(ranked(videos, movieScorer(videos, wish)), `the film ${name}`.trimEnd())
}

function chooseEpisode(pack: Pack, wish: EpisodeWish): Choice {
  const videos = readPack(pack)
  const judged = ranked(videos, episodeScorer(pack, videos, wish))
  const choice = decide(judged, episodeLabel(wish.season === undefined ? [] : [wish.season], [wish.episode]))
  if (choice.kind === 'refused') return choice
  const likeliest = judged.filter(({ verdict }) => verdict.score === choice.score).map(({ video }) => video)
  const doubt = doubtOf(likeliest, wish)
  return doubt === undefined
    ? choice
    : refused(`${doubt}, and which is meant is not known`, choice.considered)
}

/** Of videos that are no episodes, the others are much smaller than the film; the second one in bytes of the first. */
const MOST_BESIDE_A_FILM = 0.5

/** The largest video, unless the torrent is a pack: several episodes, or several videos that are about as long. */
function chooseOnly(pack: Pack): Choice {
  const videos = readPack(pack)
  const judged = ranked(videos, () => yes(1, 'the only one'))
  const features = judged
    .map(({ video }) => video)
    .filter(({ beside, file }) => !beside && (halfOf(file.name)?.number ?? 1) === 1)
  const episodes = new Set(features.map(({ numbers }) => labelOf(numbers)).filter((label) => label !== ''))
  const [largest = 0, second = 0] = features.map(({ file }) => file.length).sort((a, b) => b - a)
  const isPack = episodes.size > 1 || second > MOST_BESIDE_A_FILM * largest
  if (!isPack) return decide(judged)
  return refused(
    `the address does not say which of ${features.length} videos is meant, as if it had been cut off: open the list of the video again`,
  )
}

function labelOf({ seasons, episodes, absolute, date = '' }: ReadVideo['numbers']): string {
  const counted = episodes.length > 0 ? [...seasons, 'e', ...episodes] : absolute
  return counted.length > 0 ? counted.join() : date
}

/** Why nobody can know which of the likeliest it is; the same episode twice is no such reason. */
function doubtOf(likeliest: readonly ReadVideo[], { season, episode }: EpisodeWish): string | undefined {
  const seasons = new Set(likeliest.map(({ numbers }) => numbers.seasons.join()))
  if (season === undefined && seasons.size > 1) return `${seasons.size} seasons have an episode ${episode}`
  const vague = likeliest.filter(({ numbers }) => numbers.seasons.length !== 1 && numbers.date === undefined)
  const folders = new Set(vague.map(({ file }) => folderOf(file.path)))
  if (folders.size <= 1) return undefined
  return `${folders.size} folders have an episode ${episode}, and none says its season`
}

const BESIDE = {
  sample: 'a sample',
  extra: 'an extra',
  packed: 'a sample of what is packed in an archive',
} as const

interface Judged {
  readonly video: ReadVideo
  readonly verdict: Verdict
}

/**
 * The likeliest first; of several, the corrected one, the first half, then the largest: it has the best picture, or the
 * most languages.
 */
function ranked(videos: readonly ReadVideo[], score: (video: ReadVideo) => Verdict): Judged[] {
  return videos
    .map((video) => ({ video, verdict: judge(video, score) }))
    .sort(
      (a, b) =>
        b.verdict.score - a.verdict.score ||
        b.video.numbers.version - a.video.numbers.version ||
        a.video.half - b.video.half ||
        b.video.file.length - a.video.file.length ||
        compareText(a.video.file.path, b.video.file.path) ||
        a.video.index - b.video.index,
    )
}

function judge(video: ReadVideo, score: (video: ReadVideo) => Verdict): Verdict {
  return video.beside ? no(BESIDE[video.beside]) : score(video)
}

/** @param wanted - what the first must be, in words */
function decide(judged: readonly Judged[], wanted = 'one'): Choice {
  const considered = judged.map(({ video: { index, file }, verdict }) => ({
    ...verdict,
    index,
    path: file.path,
  }))
  const [first] = considered
  if (!first) return refused('there is no video')
  const isPacked =
    judged.every(({ video }) => video.beside) && judged.some(({ video }) => video.beside === 'packed')
  if (isPacked) return refused('packed in an archive', considered)
  if (first.score <= 0) return refused(`none of ${judged.length} videos is ${wanted}`, considered)
  return { ...first, kind: 'chosen', considered }
}

function refused(reason: string, considered: readonly Considered[] = []): Choice {
  return { kind: 'refused', reason, considered }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
