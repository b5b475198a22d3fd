import { z } from 'zod'
import { SelfStremeError } from '../domain/errors.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'

/** The names of a film or series. */
export interface Title {
  readonly name: string
  /** other names of it */
  readonly aliases: readonly string[]
  /** of the film, or of the first season */
  readonly year?: number
  /** titles of episodes, by `season:episode`; empty if unknown */
  readonly episodes: ReadonlyMap<string, string>
  /** its ids in other catalogues */
  readonly ids?: { readonly tmdb?: string; readonly tvdb?: string }
}

const MAX_LENGTH = 200
const MAX_EPISODES = 3_000
const MAX_ALIASES = 10

const text = z
  .string()
  .transform((value) => value.slice(0, MAX_LENGTH).toWellFormed().trim())
  .pipe(z.string().min(1))
const year = z
  .union([z.string(), z.number()])
  .transform((value) => Number(/\d{4}/.exec(String(value))?.[0]) || undefined)
  .optional()
  .catch(undefined)
const catalogueId = z
  .union([z.string(), z.number()])
  .transform((value) => /^[1-9]\d{0,11}$/.exec(String(value))?.[0])
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
  moviedb_id: catalogueId,
  tvdb_id: catalogueId,
  aliases: z.array(z.unknown()).catch([]),
  videos: z.array(z.unknown()).catch([]),
})

/**
 * Reads the used fields of an addon's `meta` answer.
 *
 * @returns `undefined` if the addon does not know the video
 * @throws SelfStremeError `source.bad_answer`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function readTitle(json: unknown): Title | undefined {
  const parsed = z.object({ meta: z.unknown() }).safeParse(json)
  if (!parsed.success) throw new SelfStremeError('source.bad_answer', 'the answer has no "meta"')
  const known = meta.safeParse(parsed.data.meta)
  if (!known.success) return undefined
  const { name, aliases, videos } = known.data
  return withoutUndefined({
    name,
    aliases: aliases.flatMap((alias) => text.safeParse(alias).data ?? []).slice(0, MAX_ALIASES),
    year: known.data.year ?? known.data.releaseInfo,
    ids: withoutUndefined({ tmdb: known.data.moviedb_id, tvdb: known.data.tvdb_id }),
    episodes: new Map(videos.slice(0, MAX_EPISODES).flatMap(readEpisode)),
  })
}

function readEpisode(video: unknown): [string, string][] {
  const { data } = episode.safeParse(video)
  const number = data?.episode ?? data?.number
  const name = data?.title ?? data?.name ?? ''
  return data && number !== undefined ? [[`${data.season}:${number}`, name]] : []
}
