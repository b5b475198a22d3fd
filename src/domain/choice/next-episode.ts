import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { halfOf } from '../names/halves.ts'
import { chooseFile } from './choose-file.ts'
import { type Pack, readPack } from './pack.ts'

/** A position in a series. */
export interface Place {
  /** 0 = specials; absent for a series without seasons */
  readonly season?: number
  readonly episode: number
}

/**
 * Which episode a file of a pack is; the last one, if it holds several.
 *
 * @param fileIdx - counted over all files from 0
 * @param first - the episode that it was chosen for, if known
 * @returns `undefined` if neither that nor its name tells
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

/** Whether a file would be chosen for an episode. */
export function isFileOf(pack: Pack, fileIdx: number, place: Place): boolean {
  return fileOf(pack, place) === fileIdx
}

/** The file that continues a half of a film or an episode: `cd2` after `cd1`, `S01E04b` after `S01E04a`. */
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
 * The file that comes after an episode in the same pack: its other half, the next of the season, or after the last one
 * the first of the next season. Specials are followed by specials.
 *
 * @param place - of the last episode in the file that is being watched
 * @returns its index; `undefined` if the pack has none, or it cannot be told
 */
export function nextFileOf(pack: Pack, fileIdx: number, place: Place): number | undefined {
  const half = nextHalfOf(pack, fileIdx)
  if (half !== undefined) return half
  const places = nextPlacesOf(place).slice(0, hasLater(pack, place) ? 1 : 2)
  return places.map((next) => fileOf(pack, next)).find((next) => next !== undefined && next !== fileIdx)
}

/** Where the next episode may be, likeliest first: the next of the season, or the first of the next season. */
export function nextPlacesOf({ season, episode }: Place): Place[] {
  if (season === undefined) return [{ episode: episode + 1 }]
  const next = { season, episode: episode + 1 }
  return season === 0 ? [next] : [next, { season: season + 1, episode: 1 }]
}

function fileOf(pack: Pack, place: Place): number | undefined {
  const choice = chooseFile(pack, { kind: 'episode', ...place })
  return choice.kind === 'chosen' ? choice.index : undefined
}

/** Whether the pack has later episodes of the season: then it is not over, though the next one is missing. */
function hasLater(pack: Pack, { season, episode }: Place): boolean {
  return readPack(pack).some(
    ({ numbers: { seasons, episodes } }) =>
      season !== undefined && seasons.includes(season) && episodes.some((each) => each > episode),
  )
}
