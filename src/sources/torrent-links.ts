import { LRUCache } from 'lru-cache'
import { Deadline } from '../domain/deadline.ts'
import { messageOf } from '../domain/errors.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { parseMagnet } from '../domain/magnet.ts'
import type { TorrentFile } from '../domain/metainfo.ts'
import { untilAborted } from '../domain/until-aborted.ts'
import { readTorrentFile } from '../files/torrent-file.ts'
import type { Log } from '../observe/log.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import { assertOk } from './read-json.ts'

/** The torrent that a link leads to. */
export interface LinkedTorrent {
  readonly infoHash: InfoHash
  readonly trackers: readonly string[]
  /** known where the torrent file itself was read */
  readonly files?: readonly TorrentFile[]
}

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
const MOST_FETCHED = 12
const AT_A_TIME = 4
const MOST_KNOWN = 1_000
/** A list of more files is not kept: it is fetched again by whoever plays it. */
const MOST_FILES = 300

/** Reads torrent files that are only linked to. A link is read once; it stays what it is. */
export function createTorrentLinks(fetcher: GuardedFetch, log: Log): TorrentLinks {
  const known = new LRUCache<string, LinkedTorrent>({ max: MOST_KNOWN })
  const failures = new LRUCache<string, number>({ max: MOST_KNOWN })
  const failuresOf = (url: string) => failures.get(url) ?? 0

  async function read(url: string, signal: AbortSignal): Promise<void> {
    try {
      const answer = await fetcher.get(url, LIMITS, signal)
      const magnet = parseMagnet(answer.location ?? '')
      if (!magnet) assertOk(answer)
      known.set(url, magnet ?? readTorrent(answer.body))
    } catch (error) {
      failures.set(url, failuresOf(url) + 1)
      log.debug('a link to a torrent is left out', { reason: messageOf(error) })
    }
  }

  return {
    async resolve(urls, signal) {
      const unknown = urls.filter((url) => !known.get(url))
      // Those that never lead anywhere must not keep others from their turn.
      const left = unknown.toSorted((a, b) => failuresOf(a) - failuresOf(b)).slice(0, MOST_FETCHED)
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
          const torrent = known.get(url)
          return torrent ? [[url, torrent] as const] : []
        }),
      )
    },
  }
}

function readTorrent(bytes: Buffer): LinkedTorrent {
  const { infoHash, info, trackers } = readTorrentFile(bytes)
  return { infoHash, trackers, ...(info.files.length <= MOST_FILES ? { files: info.files } : {}) }
}
