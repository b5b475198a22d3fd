import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ByteRange } from '../domain/byte-range.ts'
import { isPlaceableVideo } from '../domain/content-type.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { OpenFiles } from '../files/open-files.ts'
import { readSlices } from '../files/read-slices.ts'

const MIN_BYTES = 1_048_576
/** A file that was written to so lately may still be in the middle of being copied. */
const SETTLE_MS = 1_500

/** A video that the user put into the download folder, open to be read; we only ever read it. */
export interface PlacedFile extends AsyncDisposable {
  readonly path: string
  readonly name: string
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

/** One that lies there. */
interface FoundFile {
  readonly path: string
  readonly name: string
  readonly stats: Stats
}

export interface PlacedFiles {
  /**
   * The file that stands for a torrent: its name contains the info hash, in any case.
   *
   * @param name - of several, the one that is called so; without it, or if there is none, the largest
   */
  find(infoHash: InfoHash, name: string | undefined, signal: AbortSignal): Promise<PlacedFile | undefined>
}

/** @param root - the download folder; files directly in it count, those in folders do not */
export function createPlacedFiles(root: string): PlacedFiles {
  const open = new OpenFiles()

  async function find(
    infoHash: InfoHash,
    name: string | undefined,
    signal: AbortSignal,
  ): Promise<PlacedFile | undefined> {
    const names = await readdir(root).catch(() => [])
    const matching = names.filter((each) => each.toLowerCase().includes(infoHash) && isPlaceableVideo(each))
    const files = await Promise.all(matching.map((each) => settled(join(root, each), each, signal)))
    const chosen = files
      .filter((file) => file !== undefined)
      .sort((a, b) => Number(isCalled(b, name)) - Number(isCalled(a, name)) || b.stats.size - a.stats.size)
      .at(0)
    return chosen && opened(chosen)
  }

  async function opened({ path, name, stats }: FoundFile): Promise<PlacedFile> {
    const file = await open.open(path, stats)
    return {
      path,
      name,
      size: file.size,
      mtimeMs: stats.mtimeMs,
      read: (range, signal) =>
        readSlices(
          async () => file.handle,
          range,
          async () => file.size,
          signal,
        ),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    }
  }

  return { find }
}

/**
 * Waits until nobody has written to a file for a while.
 *
 * @returns `undefined` for what is no file, or too small
 */
async function settled(path: string, name: string, signal: AbortSignal): Promise<FoundFile | undefined> {
  for (;;) {
    const stats = await fileAt(path)
    if (!stats) return undefined
    const ageMs = Date.now() - stats.mtimeMs
    if (ageMs >= SETTLE_MS || ageMs < 0) return { path, name, stats }
    await sleep(SETTLE_MS - ageMs, undefined, { signal })
  }
}

async function fileAt(path: string): Promise<Stats | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() && found.size >= MIN_BYTES ? found : undefined
}

/** Letters with marks can be written in two ways, and disks differ in which. */
function isCalled(file: FoundFile, name: string | undefined): boolean {
  return file.name.normalize() === name?.normalize()
}
