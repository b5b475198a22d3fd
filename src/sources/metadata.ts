import { LRUCache } from 'lru-cache'
import { isImdbId, type VideoId } from '../domain/video-id.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { assertOk } from './assert-ok.ts'
import type { RemoteServer } from './remote-server.ts'
import type { FindOptions } from './source.ts'
import type { Title } from './title.ts'

export interface Metadata {
  /** @returns `undefined` for what it does not know */
  find(video: VideoId, signal: AbortSignal, options?: FindOptions): Promise<Title | undefined>
}

/** An episode takes about 500 bytes, so these are 8 000 of them. */
const LIMITS = { timeoutMs: 15_000, maxBytes: 4 * 1024 * 1024 }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FRESH_MS = 24 * HOUR
/** What all titles that are kept may weigh, in bytes: a film takes some hundred, a series of 3 000 episodes a million. */
const MAX_KEPT = 16 * 1024 * 1024

interface KnownTitle {
  /** absent = it is not known there */
  readonly title?: Title | undefined
  /** epoch ms */
  readonly freshUntil: number
}

/**
 * Names of films and series by their IMDb id, for who can only be asked by name. An old one is given at once, and asked
 * for again meanwhile.
 *
 * @param options.url - of an addon with `meta` answers, without `/manifest.json`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function createMetadata(options: { readonly url: string }, server: RemoteServer): Metadata {
  const titles = new LRUCache<string, KnownTitle>({
    maxSize: MAX_KEPT,
    sizeCalculation: (known, path) => heapBytes([path, known]),
  })
  /** no more than may wait for the server */
  const loads = new Map<string, Promise<Title | undefined>>()

  async function load(path: string): Promise<Title | undefined> {
    try {
      const url = `${options.url}/meta/${path}.json`
      const title = await server.ask(url, LIMITS, new AbortController().signal, async (answer, read) => {
        if (answer.status === 404) return undefined
        assertOk(answer)
        return read('title', undefined)
      })
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
    // Whoever gets the old title does not wait for this one.
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
