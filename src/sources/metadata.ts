import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { SelfStremeError } from '../domain/errors.ts'
import { untilAborted } from '../domain/until-aborted.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import { readJson } from './read-json.ts'
import { remember } from './remember.ts'

/** What a film or series is called. */
export interface Title {
  readonly name: string
  /** other names of it */
  readonly aliases: readonly string[]
  /** of the film, or of the first season */
  readonly year?: number
  /** titles of episodes, by `season:episode` */
  readonly episodes: ReadonlyMap<string, string>
}

export interface Metadata {
  /** @returns `undefined` for what it does not know */
  find(video: VideoId, signal: AbortSignal): Promise<Title | undefined>
}

const LIMITS = { timeoutMs: 15_000, maxBytes: 8 * 1024 * 1024 }
const HOUR = 3_600_000
const FRESH_MS = 24 * HOUR
const MOST_TITLES = 300
const MOST_EPISODES = 3_000
const MOST_ALIASES = 10

const text = z.string().trim().min(1).max(500)
const year = z
  .union([z.string(), z.number()])
  .transform((value) => Number(/\d{4}/.exec(String(value))?.[0]) || undefined)
  .optional()
  .catch(undefined)
const episode = z.object({
  season: z.number().int(),
  episode: z.number().int().optional().catch(undefined),
  number: z.number().int().optional().catch(undefined),
  name: text.optional().catch(undefined),
  title: text.optional().catch(undefined),
})
const meta = z.object({
  name: text,
  year,
  releaseInfo: year,
  aliases: z.array(z.unknown()).catch([]),
  videos: z.array(z.unknown()).catch([]),
})

/**
 * Names of films and series by their IMDb id, for who can only be asked by name.
 *
 * @param options.url - of an addon with `meta` answers, without `/manifest.json`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function createMetadata(options: { readonly url: string }, fetcher: GuardedFetch): Metadata {
  const titles = new LRUCache<string, () => Promise<Title | undefined>>({ max: MOST_TITLES })

  async function load(path: string): Promise<Title | undefined> {
    const url = `${options.url}/meta/${path}.json`
    const answer = await fetcher.get(url, LIMITS, new AbortController().signal)
    return answer.status === 404 ? undefined : readTitle(readJson(answer))
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

function readTitle(json: unknown): Title | undefined {
  const parsed = z.object({ meta: z.unknown() }).safeParse(json)
  if (!parsed.success) throw new SelfStremeError('source.bad_answer', 'it answered without "meta"')
  const known = meta.safeParse(parsed.data.meta)
  if (!known.success) return undefined
  const { name, aliases, videos } = known.data
  return withoutUndefined({
    name,
    aliases: aliases.flatMap((alias) => text.safeParse(alias).data ?? []).slice(0, MOST_ALIASES),
    year: known.data.year ?? known.data.releaseInfo,
    episodes: new Map(videos.slice(0, MOST_EPISODES).flatMap(readEpisode)),
  })
}

function readEpisode(video: unknown): [string, string][] {
  const { data } = episode.safeParse(video)
  const number = data?.episode ?? data?.number
  const name = data?.title ?? data?.name
  return data && number !== undefined && name ? [[`${data.season}:${number}`, name]] : []
}
