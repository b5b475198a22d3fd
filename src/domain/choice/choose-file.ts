import { episodeLabel } from '../names/episode-label.ts'
import { halfOf } from '../names/halves.ts'
import { type EpisodeChoice, type FileChoice, MAIN_FILE, type MovieChoice } from './file-choice.ts'
import { folderOf, isPlayable, type Pack, type ReadVideo, readPack } from './pack.ts'
import { episodeScorer } from './score-episode.ts'
import { movieScorer } from './score-movie.ts'
import { no, type Verdict, yes } from './verdict.ts'

/** A video that was considered. */
export interface Considered extends Verdict {
  /** counted over all files of the torrent from 0 */
  readonly index: number
  readonly path: string
}

export type Decision =
  | (Considered & {
      readonly kind: 'chosen'
      /** all videos that were considered, likeliest first */
      readonly considered: readonly Considered[]
    })
  | {
      readonly kind: 'refused'
      /** for a person to read */
      readonly reason: string
      readonly considered: readonly Considered[]
    }

/**
 * Chooses the file of a torrent to play. A film may be the largest video, since most torrents hold one; an episode
 * never is: if no name has its number, nothing is chosen, for a wrong episode is worse than none. The order of files
 * does not matter.
 *
 * @param pack - its names are parsed once per object
 */
export function chooseFile(pack: Pack, wanted: FileChoice): Decision {
  switch (wanted.kind) {
    case 'file':
      return chooseByIndex(pack, wanted.fileIdx)
    case 'main':
      return decide(ranked(readPack(pack), () => yes(1, 'a video')))
    case 'movie':
      return chooseMovie(pack, wanted)
    case 'episode':
      return chooseEpisode(pack, wanted)
    case 'only':
      return chooseOnly(pack)
  }
}

/** The largest video; `undefined` if there is none. */
export function mainFileOf(pack: Pack): number | undefined {
  const decision = chooseFile(pack, MAIN_FILE)
  return decision.kind === 'chosen' ? decision.index : undefined
}

function chooseByIndex({ files }: Pack, index: number): Decision {
  const file = files[index]
  if (!file) return refused(`there is no file ${index}`)
  if (!isPlayable(file)) return refused(`file ${index} is not a video`)
  const chosen = { index, path: file.path, score: 100, reasons: ['asked for by its index'] }
  return { ...chosen, kind: 'chosen', considered: [chosen] }
}

function chooseMovie(pack: Pack, wanted: MovieChoice): Decision {
  const videos = readPack(pack)
  const name = [wanted.title, wanted.year].filter((part) => part !== undefined).join(', ')
  return decide(ranked(videos, movieScorer(videos, wanted)), `the film ${name}`.trimEnd())
}

function chooseEpisode(pack: Pack, wanted: EpisodeChoice): Decision {
  const videos = readPack(pack)
  const judged = ranked(videos, episodeScorer(pack, videos, wanted))
  const label = episodeLabel(wanted.season === undefined ? [] : [wanted.season], [wanted.episode])
  const decision = decide(judged, label)
  if (decision.kind === 'refused') return decision
  const likeliest = judged.filter(({ verdict }) => verdict.score === decision.score).map(({ video }) => video)
  const doubt = doubtOf(likeliest, wanted)
  return doubt === undefined
    ? decision
    : refused(`${doubt}, and which is meant is not known`, decision.considered)
}

/** With one film, other videos are much smaller: share of the second largest in the largest. */
const MAX_SHARE_OF_SECOND = 0.5

/** The largest video, unless the torrent is a pack: several episodes, or several videos of similar size. */
function chooseOnly(pack: Pack): Decision {
  const videos = readPack(pack)
  const judged = ranked(videos, () => yes(1, 'the only one'))
  const features = judged
    .map(({ video }) => video)
    .filter(({ beside, file }) => !beside && (halfOf(file.name)?.number ?? 1) === 1)
  const episodes = new Set(features.map(({ numbers }) => labelOf(numbers)).filter((label) => label !== ''))
  const [largest = 0, second = 0] = features.map(({ file }) => file.length).sort((a, b) => b - a)
  const isPack = episodes.size > 1 || second > MAX_SHARE_OF_SECOND * largest
  if (!isPack) return decide(judged)
  return refused(
    `the address does not say which of ${features.length} videos is meant; it may have been cut off: open the list of the video again`,
  )
}

function labelOf({ seasons, episodes, absolute, date = '' }: ReadVideo['numbers']): string {
  const counted = episodes.length > 0 ? [...seasons, 'e', ...episodes] : absolute
  return counted.length > 0 ? counted.join() : date
}

/** Why the likeliest videos cannot be told apart; the same episode twice is no such reason. */
function doubtOf(likeliest: readonly ReadVideo[], { season, episode }: EpisodeChoice): string | undefined {
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
 * Likeliest first; then corrected versions, first halves, and larger files: they have the best picture, or the most
 * languages.
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

/** @param wanted - name of what is wanted, for the reason */
function decide(judged: readonly Judged[], wanted = 'one'): Decision {
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

function refused(reason: string, considered: readonly Considered[] = []): Decision {
  return { kind: 'refused', reason, considered }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
