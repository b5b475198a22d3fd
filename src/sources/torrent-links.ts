import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { messageOf } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Log } from '../observe/log.ts'
import { assertOk } from './assert-ok.ts'
import type { LinkedTorrent, PrivateFile } from './linked-torrent.ts'
import type { RemoteServer } from './remote-server.ts'

export interface TorrentLinks {
  /**
   * Which torrents links lead to, those that are known from before, and some more.
   *
   * @param urls - of torrent files, the ones that matter most first
   * @returns by URL; without those that could not be read, were too many, or take long: they are there the next time
   */
  resolve(urls: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, LinkedTorrent>>
}

const LIMITS = { timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 }
/** Other torrents need no link to be read, and must not wait for those that do. */
const PATIENCE_MS = 2_000
const MAX_FETCHED = 12
const AT_A_TIME = 4
/** bytes, of one indexer; a torrent takes a thousand, and some hundred for each of its files */
const MAX_KNOWN = 4 * 1024 * 1024
const MAX_FAILURES = 1024 * 1024

interface KnownTorrent extends Omit<LinkedTorrent, 'privateFile'> {
  readonly isPrivate: boolean
}

/** Where torrent files of private torrents are kept, for when they are played. */
export interface PrivateFiles {
  put(infoHash: InfoHash, file: PrivateFile): void
  has(infoHash: InfoHash): boolean
}

/**
 * Reads torrent files that are only linked to. A link is read once; it stays what it is. That of a private torrent is
 * read again when its file is not kept any more.
 */
export function createTorrentLinks(server: RemoteServer, privateFiles: PrivateFiles, log: Log): TorrentLinks {
  const known = new LRUCache<string, KnownTorrent>({
    maxSize: MAX_KNOWN,
    sizeCalculation: (torrent, url) => heapBytes([url, torrent]),
  })
  const failures = new LRUCache<string, number>({
    maxSize: MAX_FAILURES,
    sizeCalculation: (_count, url) => heapBytes(url),
  })
  const failuresOf = (url: string) => failures.get(url) ?? 0

  /** What a link leads to, as far as it is known with all that playing it takes. */
  function knownAt(url: string): LinkedTorrent | undefined {
    const torrent = known.get(url)
    return torrent && !(torrent.isPrivate && !privateFiles.has(torrent.infoHash)) ? torrent : undefined
  }

  async function read(url: string, signal: AbortSignal): Promise<void> {
    try {
      const { privateFile, ...torrent } = await server.ask(
        url,
        LIMITS,
        signal,
        (answer, read): LinkedTorrent | Promise<LinkedTorrent> => {
          const magnet = parseMagnet(answer.location ?? '')
          if (magnet) return { infoHash: magnet.infoHash, trackers: allowedTrackers(magnet.trackers, []) }
          assertOk(answer)
          return read('torrent', undefined)
        },
      )
      if (privateFile) privateFiles.put(torrent.infoHash, privateFile)
      known.set(url, { ...torrent, isPrivate: privateFile !== undefined })
    } catch (error) {
      failures.set(url, failuresOf(url) + 1)
      log.debug('a link to a torrent is left out', { reason: messageOf(error) })
    }
  }

  return {
    async resolve(urls, signal) {
      const unknown = urls.filter((url) => !knownAt(url))
      // Those that never lead anywhere must not keep others from their turn.
      const left = unknown.toSorted((a, b) => failuresOf(a) - failuresOf(b)).slice(0, MAX_FETCHED)
      const work = async () => {
        for (let url = left.shift(); url !== undefined && !signal.aborted; url = left.shift())
          await read(url, signal)
      }
      using patience = new Deadline(PATIENCE_MS)
      const reading = Promise.all(Array.from({ length: AT_A_TIME }, work))
      await untilAborted(reading, AbortSignal.any([signal, patience.signal])).catch(() =>
        signal.throwIfAborted(),
      )
      return new Map(
        urls.flatMap((url) => {
          const torrent = knownAt(url)
          return torrent ? [[url, torrent] as const] : []
        }),
      )
    },
  }
}
