import { open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Film } from '../swarm/film.ts'

const PLACES = 96
/** Has no common factor with the number of places, so that each is visited once. */
const STEP = 37
const LOOK_BYTES = 65_536

/**
 * Positions all over a film that a contestant does not have on disk when the next one is requested; in the same order
 * for all contestants, without positions that were fetched in the background meanwhile.
 */
export async function* missingPlaces(film: Film, folder: string): AsyncGenerator<number> {
  for (let n = 1; n < PLACES; n++) {
    const place = Math.floor((((n * STEP) % PLACES) / PLACES) * film.bytes.length)
    if (!(await isThere(film, folder, place))) yield place
  }
}

async function isThere(film: Film, folder: string, place: number): Promise<boolean> {
  const names = await readdir(folder, { recursive: true })
  const path = names.find((name) => basename(name) === film.name)
  if (path === undefined) return false
  await using file = await open(join(folder, path))
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LOOK_BYTES), 0, LOOK_BYTES, place)
  return film.bytes.subarray(place, place + LOOK_BYTES).equals(buffer.subarray(0, bytesRead))
}
