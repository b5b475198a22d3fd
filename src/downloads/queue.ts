import { type Need, type NoRoom, noRoomFor, refusal } from '../cleanup/fits.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { messageOf } from '../domain/errors.ts'
import type { Selection } from '../domain/usage.ts'
import { Leases } from '../lib/leases.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { FetchAhead } from '../torrents/fetch-ahead.ts'
import { Attempt, type Progress } from './attempt.ts'
import { bytesThere, resolveSelection, type SelectedFiles } from './selected-files.ts'

const LOOK_MS = 5_000

export interface WishesOptions {
  /** torrents that are fetched at the same time */
  readonly atOnce: number
  /** one of which nothing came for so long gives way to others that wait */
  readonly stallMs: number
}

/** Sees to it that what is wished for is fetched, a few torrents at a time, in the order in which they were added. */
export interface Wishes extends AsyncDisposable {
  /** Begins what may begin now. */
  look(): void
  /** There may be more room than there was: what was refused is looked at again. */
  noteRoom(): void
  /** Stops fetching one until this is disposed of, and forgets how its tries went; the wish stays as it is noted. */
  pause(infoHash: InfoHash): Promise<Disposable>
  /** `undefined` for what nobody wishes for. */
  progressOf(infoHash: InfoHash): Progress | undefined
  /** `undefined` while the metadata is not known, and for what nobody wishes for. */
  wantedOf(infoHash: InfoHash): Promise<SelectedFiles | undefined>
  /** What is still to come of all that is wished for, without what is refused; bytes. */
  owed(): Promise<Map<InfoHash, number>>
  /** Whether something fits beside all that is pinned or wished for already; `undefined` if it does. */
  noRoomFor(infoHash: InfoHash, directory: string, need: Need): Promise<NoRoom | undefined>
}

interface Wished extends CacheEntry {
  readonly wish: Selection
}

export function keepWishes(
  options: WishesOptions,
  index: Pick<CacheIndex, 'entries' | 'get' | 'change' | 'flush'>,
  torrents: FetchAhead,
  cache: Pick<Janitor, 'spaceFor'>,
  log: Log,
): Wishes {
  const attempts = new Map<InfoHash, Attempt>()
  /** what each wish means, as long as it is the same one */
  const meanings = new Map<InfoHash, { readonly wish: Selection; readonly wanted: SelectedFiles }>()
  const paused = new Leases()
  const timer = setInterval(look, LOOK_MS)
  let isClosing = false

  function look(): void {
    if (isClosing) return
    const now = Date.now()
    const wished = wishedFor()
    forgetAllBut(new Set(wished.map(({ contents }) => contents.infoHash)))
    const due = wished.filter(
      ({ contents: { infoHash } }) =>
        attempts.get(infoHash)?.isDue(now) !== false && !paused.areTaken(infoHash),
    )
    for (const attempt of stalled(wished, now)) {
      if (due.length > 0)
        attempt.giveWay('nothing came for long, so others have their turn', now + options.stallMs)
    }
    const running = [...attempts.values()].filter(({ isRunning }) => isRunning).length
    for (const one of inTurn(due).slice(0, Math.max(0, options.atOnce - running))) begin(one, now)
  }

  function noteRoom(): void {
    for (const attempt of attempts.values()) attempt.noteRoom()
    look()
  }

  function wishedFor(): Wished[] {
    return index.entries().flatMap((entry) => {
      const { wish } = entry.usage
      return wish === undefined ? [] : [{ ...entry, wish }]
    })
  }

  function forgetAllBut(wished: ReadonlySet<InfoHash>): void {
    for (const [infoHash, attempt] of attempts) {
      if (wished.has(infoHash)) continue
      // Its folder may have been taken away.
      if (attempt.isRunning) attempt.stop()
      else attempts.delete(infoHash)
    }
    for (const infoHash of meanings.keys()) if (!wished.has(infoHash)) meanings.delete(infoHash)
  }

  function stalled(wished: readonly Wished[], now: number): Attempt[] {
    return wished.flatMap(({ contents }) => {
      const attempt = attempts.get(contents.infoHash)
      const files = meanings.get(contents.infoHash)?.wanted.files ?? []
      if (!attempt?.isRunning) return []
      return now - attempt.noteBytes(bytesThere(contents, files), now) < options.stallMs ? [] : [attempt]
    })
  }

  /** Those that failed least, then those that were added first. */
  function inTurn(due: readonly Wished[]): Wished[] {
    const failures = ({ contents }: Wished) => attempts.get(contents.infoHash)?.failures ?? 0
    return due.toSorted((a, b) => failures(a) - failures(b) || a.usage.addedAt - b.usage.addedAt)
  }

  function begin(wished: Wished, now: number): void {
    const { infoHash } = wished.contents
    const attempt = attempts.get(infoHash) ?? new Attempt()
    attempts.set(infoHash, attempt)
    const signal = attempt.begin(now)
    attempt.ended = fulfil(wished, attempt, signal)
      .catch((error: unknown) => {
        // Whoever stopped it knows why.
        if (signal.aborted) return
        const isNews = attempt.fail(error, Date.now())
        log[isNews ? 'warn' : 'debug']('not fetched ahead', { infoHash, reason: messageOf(error) })
      })
      .finally(() => {
        attempt.end()
        look()
      })
  }

  async function fulfil(
    { contents, usage, wish }: Wished,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<void> {
    const { infoHash, directory } = contents
    const request = { infoHash, trackers: usage.trackers ?? [] }
    const info = await torrents.whenInfo(request, signal)
    const wanted = resolveSelection(info, wish)
    meanings.set(infoHash, { wish, wanted })
    const known = index.get(infoHash)?.contents ?? contents
    const need = { bytes: wanted.bytes, missingBytes: wanted.bytes - bytesThere(known, wanted.files) }
    const noRoom = await noRoomBeside(infoHash, directory, need, usage.addedAt)
    if (noRoom) throw refusal(noRoom)
    attempt.noteFetching()
    log.info(`Fetching ahead: ${info.name}`, { infoHash, ...need })
    await torrents.fetch({ ...request, files: wanted.files }, signal)
    // How long nobody has read it counts from here.
    index.change(infoHash, ({ wish: _wish, trackers: _trackers, ...kept }) => ({
      ...kept,
      lastReadAt: Date.now(),
    }))
    await index.flush()
    noteRoom()
    log.info(`Fetched ahead: ${info.name}`, { infoHash, bytes: wanted.bytes })
  }

  async function meaningOf(infoHash: InfoHash): Promise<SelectedFiles | undefined> {
    const wish = index.get(infoHash)?.usage.wish
    if (wish === undefined) return undefined
    const known = meanings.get(infoHash)
    if (known?.wish === wish) return known.wanted
    const info = await torrents.infoOf(infoHash)
    try {
      const wanted = info && resolveSelection(info, wish)
      if (wanted) meanings.set(infoHash, { wish, wanted })
      return wanted
    } catch {
      // It cannot come true, and says so when its turn comes.
      return undefined
    }
  }

  /** @param before - only wishes that were added before count, and those that are running; epoch ms */
  async function noRoomBeside(
    infoHash: InfoHash,
    directory: string,
    need: Need,
    before: number,
  ): Promise<NoRoom | undefined> {
    return noRoomFor(need, await cache.spaceFor(infoHash, directory, await owedBefore(before)))
  }

  async function owedBefore(before: number): Promise<Map<InfoHash, number>> {
    const owed = new Map<InfoHash, number>()
    for (const { contents, usage } of wishedFor()) {
      const attempt = attempts.get(contents.infoHash)
      const { state } = attempt?.progress ?? { state: 'queued' }
      if (state === 'refused' || state === 'failed') continue
      if (usage.addedAt >= before && !attempt?.isRunning) continue
      const wanted = await meaningOf(contents.infoHash)
      if (wanted) owed.set(contents.infoHash, wanted.bytes - bytesThere(contents, wanted.files))
    }
    return owed
  }

  return {
    look,
    noteRoom,
    async pause(infoHash) {
      const pause = paused.take(infoHash)
      const attempt = attempts.get(infoHash)
      attempt?.stop()
      await attempt?.ended
      attempts.delete(infoHash)
      return {
        [Symbol.dispose]() {
          pause[Symbol.dispose]()
          look()
        },
      }
    },
    progressOf(infoHash) {
      if (index.get(infoHash)?.usage.wish === undefined) return undefined
      return attempts.get(infoHash)?.progress ?? { state: 'queued' }
    },
    wantedOf: meaningOf,
    owed: () => owedBefore(Number.POSITIVE_INFINITY),
    noRoomFor: (infoHash, directory, need) =>
      noRoomBeside(infoHash, directory, need, Number.POSITIVE_INFINITY),
    async [Symbol.asyncDispose]() {
      isClosing = true
      clearInterval(timer)
      for (const attempt of attempts.values()) attempt.stop()
      await Promise.all([...attempts.values()].map(({ ended }) => ended))
    },
  }
}
