import { LRUCache } from 'lru-cache'
import { untilAborted } from '../domain/until-aborted.ts'
import type { VideoId } from '../domain/video-id.ts'
import { assertOk } from './assert-ok.ts'
import { remember } from './remember.ts'
import type { RemoteServer } from './remote-server.ts'
import type { Title } from './title.ts'

export interface Metadata {
  /** @returns `undefined` for what it does not know */
  find(video: VideoId, signal: AbortSignal): Promise<Title | undefined>
}

/** An episode takes about 500 bytes, so these are 8 000 of them. */
const LIMITS = { timeoutMs: 15_000, maxBytes: 4 * 1024 * 1024 }
const HOUR = 3_600_000
const FRESH_MS = 24 * HOUR
const MOST_TITLES = 300

/**
 * Names of films and series by their IMDb id, for who can only be asked by name.
 *
 * @param options.url - of an addon with `meta` answers, without `/manifest.json`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function createMetadata(options: { readonly url: string }, server: RemoteServer): Metadata {
  const titles = new LRUCache<string, () => Promise<Title | undefined>>({ max: MOST_TITLES })

  async function load(path: string): Promise<Title | undefined> {
    const url = `${options.url}/meta/${path}.json`
    return server.ask(url, LIMITS, new AbortController().signal, async (answer, read) => {
      if (answer.status === 404) return undefined
      assertOk(answer)
      return read('title', undefined)
    })
  }

  return {
    async find(video, signal) {
      if (!/^tt\d+$/.test(video.id)) return undefined
      const path = `${video.kind === 'movie' ? 'movie' : 'series'}/${video.id}`
      const known =
        titles.get(path) ??
        remember(
          () => load(path),
          (title) => (title ? FRESH_MS : HOUR),
        )
      titles.set(path, known)
      return untilAborted(known(), signal)
    },
  }
}
