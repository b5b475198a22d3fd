import { SelfStremeError } from '../domain/errors.ts'
import { sizeInWords } from '../lib/in-words.ts'
import type { Space } from './space.ts'

/** The size of a torrent that is to be downloaded or kept; bytes. */
export interface Need {
  /** in total */
  readonly bytes: number
  /** still to be downloaded */
  readonly missingBytes: number
}

/** Why something does not fit, in numbers; bytes. */
export interface NoRoom {
  /** size of the torrent */
  readonly neededBytes: number
  /** of that, still to be downloaded */
  readonly missingBytes: number
  /** size of other torrents that are pinned, or requested and not complete */
  readonly heldBytes: number
  /** CACHE_MAX_SIZE; absent = no limit */
  readonly maxBytes?: number | undefined
  /** could be evicted */
  readonly evictableBytes: number
  /** free on its disk */
  readonly freeBytes: number
  /** CACHE_MIN_FREE */
  readonly minFreeBytes: number
}

/**
 * Whether something fits within the limits if everything else that may be evicted is.
 *
 * @returns `undefined` if it fits
 */
export function noRoomFor({ bytes, missingBytes }: Need, space: Space): NoRoom | undefined {
  const { maxBytes = Number.POSITIVE_INFINITY, usedBytes, evictableBytes, owedBytes, disk } = space
  const fitsLimit = usedBytes - evictableBytes + owedBytes + missingBytes <= maxBytes
  const fitsDisk = missingBytes + disk.owedBytes <= disk.freeBytes + disk.evictableBytes - disk.minFreeBytes
  if (fitsLimit && fitsDisk) return undefined
  return {
    neededBytes: bytes,
    missingBytes,
    heldBytes: space.heldBytes + owedBytes,
    maxBytes: space.maxBytes,
    evictableBytes: fitsLimit ? disk.evictableBytes : evictableBytes,
    freeBytes: disk.freeBytes,
    minFreeBytes: disk.minFreeBytes,
  }
}

/**
 * @param mayEvict - whether others may be evicted for it
 * @throws SelfStremeError `cache.no_room`
 */
export function assertFits(need: Need, space: Space, { mayEvict } = { mayEvict: true }): void {
  const disk = { ...space.disk, evictableBytes: 0 }
  const noRoom = noRoomFor(need, mayEvict ? space : { ...space, evictableBytes: 0, disk })
  if (noRoom) throw refusal(noRoom)
}

/** The error, with the numbers in words and as details. */
export function refusal(noRoom: NoRoom): SelfStremeError {
  const { neededBytes, missingBytes, heldBytes, maxBytes, evictableBytes, freeBytes, minFreeBytes } = noRoom
  const limit = maxBytes === undefined ? 'none' : sizeInWords(maxBytes)
  return new SelfStremeError(
    'cache.no_room',
    [
      `it does not fit: it needs ${sizeInWords(neededBytes)}, ${sizeInWords(missingBytes)} of it still to be downloaded`,
      `pinned and added torrents use ${sizeInWords(heldBytes)} (CACHE_MAX_SIZE: ${limit})`,
      `${sizeInWords(freeBytes)} free on the disk (CACHE_MIN_FREE: ${sizeInWords(minFreeBytes)})`,
      `${sizeInWords(evictableBytes)} could be evicted`,
    ].join('; '),
    { details: { ...noRoom } },
  )
}
