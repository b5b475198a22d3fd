import { cp, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { getRange } from './http-client.ts'
import { patternBytes } from './pattern-bytes.ts'
import { type Random, seededRandom } from './random.ts'
import { type SeededFilm, seedFilm } from './seeded-film.ts'
import { startTestApp, type TestApp } from './test-app.ts'

const MIB = 1024 * 1024

/** A torrent in a download folder. */
interface SwappedTorrent {
  /** the download folder */
  readonly root: string
  readonly infoHash: string
  /** length of its only file, in bytes */
  readonly length: number
}

/** Replaces a torrent's film with zeros, or removes it, and at the end removes what the user put there. */
type Swap = (torrent: SwappedTorrent, directory: string, random: Random) => Promise<void>

/** Swaps of each kind; 203 swaps in all. */
const SWAPS_OF_A_KIND = 29

/** Swaps at random moments while a film is fetched, all of one kind. */
export async function expectNoWrongByte(swap: Swap): Promise<void> {
  await using film = await seedFilm(patternBytes(64 * MIB), { uploadLimit: 8 * MIB })
  const swaps = Array.from({ length: SWAPS_OF_A_KIND }, () => swap)
  const outcome = await swapWhileRead(film, swaps, { roundMs: 6_000, restMs: 600 })
  expect(outcome).toMatchObject({ swaps: SWAPS_OF_A_KIND, wrong: 0 })
  expect(outcome.right).toBeGreaterThan(3 * SWAPS_OF_A_KIND)
}

/** What viewers got in the meantime. */
interface Outcome {
  swaps: number
  right: number
  /** answers with a wrong byte */
  wrong: number
  /** answers that were refused or cut off */
  failed: number
}

/**
 * Has three viewers read random parts of a film while it is fetched, and swaps its file or folder at random moments.
 * After each swap they must get some bytes before the next swap.
 *
 * @param film - seeded so slowly that it does not become complete meanwhile
 */
export async function swapWhileRead(
  film: SeededFilm,
  swaps: readonly Swap[],
  options: { readonly roundMs: number; readonly restMs: number },
): Promise<Outcome> {
  const outcome = { swaps: 0, right: 0, wrong: 0, failed: 0 }
  const random = seededRandom(swaps.length)
  while (outcome.swaps < swaps.length) {
    await using app = await startTestApp(film.settings)
    const torrent = { root: app.folder, infoHash: film.infoHash, length: film.bytes.length }
    const stop = new AbortController()
    const viewers = Array.from({ length: 3 }, () => view(app, film, random, outcome, stop.signal))
    const until = performance.now() + options.roundMs
    while (performance.now() < until && outcome.swaps < swaps.length) {
      await sleep(random.int(options.restMs))
      if (await swapOnce(torrent, swaps[outcome.swaps] as Swap, random)) outcome.swaps++
      const before = outcome.right
      await expect.poll(() => outcome.right - before, { timeout: 60_000 }).toBeGreaterThan(3)
    }
    stop.abort()
    await Promise.all(viewers)
  }
  return outcome
}

async function view(
  app: TestApp,
  film: SeededFilm,
  random: Random,
  outcome: Outcome,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const start = random.int(film.bytes.length / 3)
    const end = start + random.int(MIB / 2)
    const url = `${app.url}/stream/proxy/${film.infoHash}`
    const got = await getRange(url, start, end).catch(() => undefined)
    if (!got) {
      outcome.failed++
      await sleep(50)
    } else if (got.equals(film.bytes.subarray(start, end + 1))) outcome.right++
    else outcome.wrong++
  }
}

const FILM = 'Film.mkv'
const LONGEST_MS = 400

export const FILM_SWAPS = {
  async 'the film is replaced, and stays so'({ root, length }, directory) {
    await writeFile(join(root, 'zeros'), Buffer.alloc(length))
    await rename(join(root, 'zeros'), join(directory, FILM))
    await sleep(LONGEST_MS)
    await rm(join(directory, FILM))
  },
  async 'the film is replaced and put back'({ root, length }, directory, random) {
    await writeFile(join(root, 'zeros'), Buffer.alloc(length))
    await rename(join(directory, FILM), join(root, 'aside.mkv'))
    await rename(join(root, 'zeros'), join(directory, FILM))
    await sleep(random.int(LONGEST_MS))
    await rename(join(root, 'aside.mkv'), join(directory, FILM))
  },
  async 'the film is moved away'({ root }, directory) {
    await rename(join(directory, FILM), join(root, 'aside.mkv'))
  },
  async 'the film is moved away and put back'({ root }, directory, random) {
    await rename(join(directory, FILM), join(root, 'aside.mkv'))
    await sleep(random.int(LONGEST_MS))
    await rename(join(root, 'aside.mkv'), join(directory, FILM))
  },
} satisfies Readonly<Record<string, Swap>>

export const FOLDER_SWAPS = {
  async 'the folder is swapped for one of the user’s, and back'({ root, length }, directory, random) {
    await rename(directory, join(root, 'aside'))
    await mkdir(directory)
    await writeFile(join(directory, FILM), Buffer.alloc(length))
    await sleep(random.int(LONGEST_MS))
    await rm(directory, { recursive: true, maxRetries: 5 })
    await rename(join(root, 'aside'), directory)
  },
  async 'the folder is swapped for a copy with another film, and back'({ root, length }, directory, random) {
    await cp(directory, join(root, 'copy'), { recursive: true })
    await writeFile(join(root, 'copy', FILM), Buffer.alloc(length))
    await rename(directory, join(root, 'aside'))
    await rename(join(root, 'copy'), directory)
    await sleep(random.int(LONGEST_MS))
    await rm(directory, { recursive: true, maxRetries: 5 })
    await rename(join(root, 'aside'), directory)
  },
  async 'the folder is moved away'({ root }, directory) {
    await rename(directory, join(root, 'aside'))
  },
} satisfies Readonly<Record<string, Swap>>

/** The folder of a torrent that is being fetched; `undefined` when there is none. */
async function folderOf({ root, infoHash }: SwappedTorrent): Promise<string | undefined> {
  const names = (await readdir(root)).filter((name) => name.startsWith(infoHash))
  for (const name of names) {
    const found = await lstat(join(root, name, FILM)).catch(() => undefined)
    const mark = await lstat(join(root, name, '.self-streme')).catch(() => undefined)
    if (found?.isFile() && mark) return join(root, name)
  }
  return undefined
}

/** @returns whether there was something to swap, and it was not removed meanwhile */
async function swapOnce(torrent: SwappedTorrent, swap: Swap, random: Random): Promise<boolean> {
  const { root, infoHash } = torrent
  const directory = await folderOf(torrent)
  if (!directory) return false
  try {
    await swap(torrent, directory, random)
    return true
  } catch (error) {
    // The server may be creating or removing something there.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return false
  } finally {
    for (const name of ['aside', 'aside.mkv', 'copy', 'zeros'])
      await rm(join(root, name), { recursive: true, force: true, maxRetries: 5 })
    for (const name of await readdir(root)) {
      const mark = await lstat(join(root, name, '.self-streme')).catch(() => undefined)
      if (name.startsWith(infoHash) && !mark)
        await rm(join(root, name), { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
