import {
  isFileOf,
  nextFileOf,
  nextHalfOf,
  nextPlacesOf,
  type Place,
  placeOfFile,
} from '../domain/choice/next-episode.ts'
import type { Pack } from '../domain/choice/pack.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { ListedFor } from './listed-videos.ts'

/** Where to find what is watched next. */
export type NextUp =
  | { readonly kind: 'file'; readonly fileIdx: number }
  | {
      readonly kind: 'list'
      /** search their lists in this order */
      readonly videos: readonly VideoId[]
      /** of the entry to take */
      readonly group: string
    }
  | { readonly kind: 'none'; readonly why: string }

/**
 * What is watched after a file of a torrent: the next episode of the same pack, otherwise that of the same group in its list.
 *
 * @param listed - what the torrent was listed for
 */
export function nextUp(pack: Pack, fileIdx: number, listed: readonly ListedFor[]): NextUp {
  const known = listed.find((each) => isListedFor(each, pack, fileIdx))
  if (known?.video.kind === 'movie') {
    const half = nextHalfOf(pack, fileIdx)
    return half === undefined ? { kind: 'none', why: 'a film' } : { kind: 'file', fileIdx: half }
  }
  const place = placeOfFile(pack, fileIdx, known && placeOf(known.video))
  if (!place) return { kind: 'none', why: 'unknown episode' }
  const inPack = nextFileOf(pack, fileIdx, place)
  if (inPack !== undefined) return { kind: 'file', fileIdx: inPack }
  if (!known) return { kind: 'none', why: 'the last episode of the torrent, which was in no list' }
  const { id } = known.video
  const videos = nextPlacesOf(place).map((next): VideoId => ({ kind: 'episode', id, ...next }))
  return { kind: 'list', videos, group: known.group }
}

/** A list may leave it to the proxy which file of a pack is the episode. */
function isListedFor({ fileIdx: listed, video }: ListedFor, pack: Pack, fileIdx: number): boolean {
  if (listed !== undefined) return listed === fileIdx
  const place = placeOf(video)
  return place === undefined || isFileOf(pack, fileIdx, place)
}

function placeOf(video: VideoId): Place | undefined {
  if (video.kind !== 'episode') return undefined
  const { season, episode } = video
  return season === undefined ? { episode } : { season, episode }
}
