import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { halfOf } from '../names/halves.ts'
import { chooseFile } from './choose-file.ts'
import { type Pack, readPack } from './pack.ts'

/** Where in a series somebody is. */
export interface Place {
  /** 0 = specials; absent where the series counts without seasons */
  readonly season?: number
  readonly episode: number
}

/**
 * Which episode a file of a pack is; the last, if it is several.
 *
 * @param fileIdx - counted over all files from 0
 * @param first - the episode that it was chosen for, where that is known
 * @returns `undefined` where neither that nor its name says it
 */
export function placeOfFile(pack: Pack, fileIdx: number, first?: Place): Place | undefined {
  const numbers = readPack(pack).find(({ index }) => index === fileIdx)?.numbers
  const { seasons = [], episodes = [], absolute = [] } = numbers ?? {}
  const counted = episodes.length > 0 ? episodes : absolute
  const [season, anotherSeason] = seasons
  if (first) return counted.includes(first.episode) ? { ...first, episode: Math.max(...counted) } : first
  if (counted.length === 0 || anotherSeason !== undefined) return undefined
  return { ...(season === undefined ? {} : { season }), episode: Math.max(...counted) }
}

/** Whether a file is what would be chosen for an episode. */
export function isFileOf(pack: Pack, fileIdx: number, place: Place): boolean {
  return fileOf(pack, place) === fileIdx
}

/** The file that goes on where a half of a film or an episode ends: `cd2` behind `cd1`, `S01E04b` behind `S01E04a`. */
export function nextHalfOf({ files }: Pack, fileIdx: number): number | undefined {
  const half = halfOf(files[fileIdx]?.path ?? '')
  if (!half) return undefined
  const isNext = ({ path }: TorrentFile) => {
    const other = halfOf(path)
    return other?.number === half.number + 1 && other.rest === half.rest
  }
  const next = files.findIndex(isNext)
  return next === -1 ? undefined : next
}

/**
 * The file that comes after an episode in the same pack: its other half, the next one of the season, or behind the last one the first of
 * the next season. Specials are followed by specials.
 *
 * @param place - of the last episode in the file that is being watched
 * @returns its index, or `undefined` if the pack has none, or nobody can know
 */
export function nextFileOf(pack: Pack, fileIdx: number, place: Place): number | undefined {
  const half = nextHalfOf(pack, fileIdx)
  if (half !== undefined) return half
  const places = nextPlacesOf(place).slice(0, hasLater(pack, place) ? 1 : 2)
  return places.map((next) => fileOf(pack, next)).find((next) => next !== undefined && next !== fileIdx)
}

/** Where the next episode may be, the likeliest first: the next one of the season, or the first of the next season. */
export function nextPlacesOf({ season, episode }: Place): Place[] {
  if (season === undefined) return [{ episode: episode + 1 }]
  const next = { season, episode: episode + 1 }
  return season === 0 ? [next] : [next, { season: season + 1, episode: 1 }]
}

function fileOf(pack: Pack, place: Place): number | undefined {
  const choice = chooseFile(pack, { kind: 'episode', ...place })
  return choice.kind === 'chosen' ? choice.index : undefined
}

/** Whether a season goes on in the pack: then it is not over, though the next episode may be missing. */
function hasLater(pack: Pack, { season, episode }: Place): boolean {
  return readPack(pack).some(
    ({ numbers: { seasons, episodes } }) =>
      season !== undefined && seasons.includes(season) && episodes.some((each) => each > episode),
  )
}
