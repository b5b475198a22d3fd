import { SelfStremeError } from '../domain/errors.ts'
import { sizeInWords } from '../lib/in-words.ts'
import type { Space } from './space.ts'

/** What somebody wants to have or to keep; bytes. */
export interface Need {
  /** all of it */
  readonly bytes: number
  /** of that, what has to be fetched yet */
  readonly missingBytes: number
}

/** Why something does not fit, in numbers; bytes. */
export interface NoRoom {
  /** what all of it takes */
  readonly neededBytes: number
  /** what has to be fetched of it */
  readonly missingBytes: number
  /** what others take, or will, that are pinned or being fetched because somebody asked for them */
  readonly heldBytes: number
  /** CACHE_MAX_SIZE; absent = no limit */
  readonly maxBytes?: number | undefined
  /** what could be evicted for it */
  readonly evictableBytes: number
  /** on its disk */
  readonly freeBytes: number
  /** CACHE_MIN_FREE */
  readonly minFreeBytes: number
}

/**
 * Whether something could be fetched and kept within the limits, when everything goes that may go.
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
      `there is no room: it takes ${sizeInWords(neededBytes)}, of which ${sizeInWords(missingBytes)} are still to be fetched`,
      `what is pinned or wished for takes ${sizeInWords(heldBytes)} (CACHE_MAX_SIZE: ${limit})`,
      `${sizeInWords(freeBytes)} are free on the disk (CACHE_MIN_FREE: ${sizeInWords(minFreeBytes)})`,
      `${sizeInWords(evictableBytes)} could be evicted`,
    ].join('; '),
    { details: { ...noRoom } },
  )
}
