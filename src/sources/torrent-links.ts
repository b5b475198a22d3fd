import { LRUCache } from 'lru-cache'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { messageOf } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Log } from '../observe/log.ts'
import type { BroughtFiles } from '../torrents/brought-files.ts'
import { assertOk } from './assert-ok.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { RemoteServer } from './remote-server.ts'

export interface TorrentLinks {
  /**
   * The torrents behind links: those known from before, and a few more.
   *
   * @param urls - of torrent files, the most important first
   * @returns by URL; links that fail, take too long or exceed the limit are missing, and may be known the next time
   */
  resolve(urls: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, LinkedTorrent>>
}

const LIMITS = { timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 }
/** Torrents that are already known must not wait long for links. */
const PATIENCE_MS = 2_000
const MAX_FETCHED = 12
const AT_A_TIME = 4
/** bytes per indexer; a torrent takes a thousand, plus some hundred for each of its files */
const MAX_KNOWN = 4 * 1024 * 1024
const MAX_FAILURES = 1024 * 1024

interface KnownTorrent extends Omit<LinkedTorrent, 'privateFile'> {
  readonly isPrivate: boolean
}

/** Stores the torrent files of private torrents until they are played. */
export type PrivateFiles = Pick<BroughtFiles, 'put' | 'has'>

/**
 * Reads torrent files behind links. A link is read once, as its content does not change. The link of a private torrent
 * is read again when its file is no longer stored.
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

  /** The torrent behind a link, if everything is known that playing it takes. */
  function knownAt(url: string): LinkedTorrent | undefined {
    const torrent = known.get(url)
    return torrent && !(torrent.isPrivate && !privateFiles.has(torrent.infoHash)) ? torrent : undefined
  }

  async function read(url: string, signal: AbortSignal): Promise<void> {
    try {
      const { privateFile, ...torrent } = await server.ask(
        { url, limits: LIMITS },
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
      log.debug('link to a torrent skipped', { reason: messageOf(error) })
    }
  }

  return {
    async resolve(urls, signal) {
      const unknown = urls.filter((url) => !knownAt(url))
      // Links that failed before come last.
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
