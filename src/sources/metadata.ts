import { LRUCache } from 'lru-cache'
import { isImdbId, type VideoId } from '../domain/video-id.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { assertOk } from './assert-ok.ts'
import type { RemoteServer } from './remote-server.ts'
import type { FindOptions } from './source.ts'
import type { Title } from './title.ts'

export interface Metadata {
  /** @returns `undefined` if the video is unknown */
  find(video: VideoId, signal: AbortSignal, options?: FindOptions): Promise<Title | undefined>
}

/** An episode takes about 500 bytes, so this is enough for 8 000. */
const LIMITS = { timeoutMs: 15_000, maxBytes: 4 * 1024 * 1024 }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FRESH_MS = 24 * HOUR
/** Memory for all cached titles, in bytes: a film takes some hundred, a series of 3 000 episodes a million. */
const MAX_KEPT = 16 * 1024 * 1024

interface KeptTitle {
  /** absent = unknown there */
  readonly title?: Title | undefined
  /** epoch ms */
  readonly freshUntil: number
}

/**
 * Names of films and series by IMDb id, for sources that can only be asked by name. An expired name is returned at once
 * while a new one is fetched.
 *
 * @param options.url - of an addon with `meta` answers, without `/manifest.json`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function createMetadata(options: { readonly url: string }, server: RemoteServer): Metadata {
  const titles = new LRUCache<string, KeptTitle>({
    maxSize: MAX_KEPT,
    sizeCalculation: (known, path) => heapBytes([path, known]),
  })
  /** bounded by the queue for the server */
  const loads = new Map<string, Promise<Title | undefined>>()

  async function load(path: string): Promise<Title | undefined> {
    try {
      const url = `${options.url}/meta/${path}.json`
      const title = await server.ask(
        { url, limits: LIMITS },
        new AbortController().signal,
        async (answer, read) => {
          if (answer.status === 404) return undefined
          assertOk(answer)
          return read('title', undefined)
        },
      )
      titles.set(path, { title, freshUntil: Date.now() + (title ? FRESH_MS : HOUR) })
      return title
    } catch (error) {
      const old = titles.peek(path)
      if (!old) throw error
      titles.set(path, { ...old, freshUntil: Date.now() + MINUTE })
      return old.title
    } finally {
      loads.delete(path)
    }
  }

  function loading(path: string): Promise<Title | undefined> {
    const under = loads.get(path)
    if (under !== undefined) return under
    const begun = load(path)
    loads.set(path, begun)
    // Callers that get the old title do not await this.
    begun.catch(() => undefined)
    return begun
  }

  return {
    async find(video, signal, { onlyKnown } = { onlyKnown: false }) {
      if (!isImdbId(video.id)) return undefined
      const path = `${video.kind === 'movie' ? 'movie' : 'series'}/${video.id}`
      const known = titles.get(path)
      if (onlyKnown || (known && Date.now() < known.freshUntil)) return known?.title
      const loaded = loading(path)
      return known ? known.title : untilAborted(loaded, signal)
    },
  }
}
