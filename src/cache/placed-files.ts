import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteRange } from '../domain/byte-range.ts'
import { isPlaceableVideo } from '../domain/content-type.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { readSlices } from '../files/read-slices.ts'

const MIN_BYTES = 1_048_576
/** A file that was written to so lately may still be in the middle of being copied. */
const SETTLE_MS = 1_500

/** A video that the user put into the download folder; we only ever read it. */
export interface PlacedFile {
  readonly path: string
  readonly name: string
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
}

export interface PlacedFiles {
  /**
   * The file that stands for a torrent: its name contains the info hash, in any case.
   *
   * @param name - of several, the one that is called so; without it, or if there is none, the largest
   */
  find(infoHash: InfoHash, name: string | undefined, signal: AbortSignal): Promise<PlacedFile | undefined>
  read(file: PlacedFile, range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

/** @param root - the download folder; files directly in it count, those in folders do not */
export function createPlacedFiles(root: string): PlacedFiles {
  async function find(
    infoHash: InfoHash,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<PlacedFile | undefined> {
    const names = await readdir(root).catch(() => [])
    const matching = names.filter((each) => each.toLowerCase().includes(infoHash) && isPlaceableVideo(each))
    const files = await Promise.all(matching.map((each) => settled(join(root, each), each, signal)))
    return files
      .filter((file) => file !== undefined)
      .sort((a, b) => Number(isCalled(b, name)) - Number(isCalled(a, name)) || b.size - a.size)
      .at(0)
  }

  return {
    find,
    read: (file, range, signal) =>
      readSlices(
        () => open(file.path),
        range,
        async () => file.size,
        signal,
      ),
  }
}

/**
 * Waits until nobody has written to a file for a while.
 *
 * @returns `undefined` for what is no file, or too small
 */
async function settled(path: string, name: string, signal: AbortSignal): Promise<PlacedFile | undefined> {
  for (;;) {
    const file = await fileAt(path)
    if (!file) return undefined
    const ageMs = Date.now() - file.mtimeMs
    if (ageMs >= SETTLE_MS || ageMs < 0) return { path, name, ...file }
    await sleep(SETTLE_MS - ageMs, undefined, { signal })
  }
}

async function fileAt(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size < MIN_BYTES) return undefined
  return { size: found.size, mtimeMs: found.mtimeMs }
}

/** Letters with marks can be written in two ways, and disks differ in which. */
function isCalled(file: PlacedFile, name: string | undefined): boolean {
  return file.name.normalize() === name?.normalize()
}
