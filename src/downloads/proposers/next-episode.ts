import type { AnsweredList } from '../../addon/stream-service.ts'
import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import type { Search } from '../../sources/search.ts'
import type { Reading } from '../../streaming/reads.ts'
import type { FetchAhead } from '../../torrents/fetch-ahead.ts'
import { fileOf, type Guesses, type Target, targetOf } from '../guesses.ts'
import { groupOf, ListedVideos, torrentsOf } from '../listed-videos.ts'
import { nextUp } from '../next-file.ts'

export interface NextEpisodeParts {
  readonly guesses: Pick<Guesses, 'add'>
  readonly torrents: Pick<FetchAhead, 'infoOf'>
  readonly search: Pick<Search, 'find'>
  readonly log: Log
}

/**
 * Proposes the episode after the one that is nearly over: head and tail, and the rest when the current episode is
 * complete and needs no more bandwidth.
 */
export class NextEpisode implements Disposable {
  readonly #parts: NextEpisodeParts
  readonly #listed = new ListedVideos()
  readonly #closing = new AbortController()

  constructor(parts: NextEpisodeParts) {
    this.#parts = parts
  }

  noteList({ video, found }: AnsweredList): void {
    this.#listed.note(video, found)
  }

  propose({ infoHash, fileIdx, client }: Reading): void {
    const { guesses, log } = this.#parts
    this.#find(infoHash, fileIdx)
      .then((target) => {
        if (target) guesses.add({ ...target, why: 'next', whom: client, behind: { infoHash, fileIdx } })
      })
      .catch((error: unknown) =>
        log.debug('search for the next episode failed', { infoHash, fileIdx, reason: messageOf(error) }),
      )
  }

  [Symbol.dispose](): void {
    this.#closing.abort()
  }

  async #find(infoHash: InfoHash, fileIdx: number): Promise<Target | undefined> {
    const { torrents, search, log } = this.#parts
    const { signal } = this.#closing
    const info = await torrents.infoOf(infoHash)
    if (!info) return undefined
    const next = nextUp(info, fileIdx, this.#listed.find(infoHash))
    if (next.kind === 'file') return fileOf(infoHash, next.fileIdx)
    if (next.kind === 'none') {
      log.debug('no next episode', { infoHash, fileIdx, reason: next.why })
      return undefined
    }
    for (const video of next.videos) {
      const { candidates } = await search.find(video, signal, { client: 'predownload' })
      const found = torrentsOf(candidates)
      const same = found.find((candidate) => groupOf(candidate) === next.group)
      if (same) this.#listed.note(video, [same])
      // A season is over only when no source has its next episode.
      if (found.length > 0) return same && targetOf(same)
    }
    return undefined
  }
}
