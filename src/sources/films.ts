import { z } from 'zod'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'

const number = z.number().int().min(0)
const text = z.string().refine((each) => each.isWellFormed(), 'expected valid Unicode')
const tracker = text.regex(/^(https?|udp|wss?):\/\/[^/\s]+/i, 'expected trackers (udp://…, http://…, ws://…)')
const link = z.url({ protocol: /^https?$/ })

/** An entry of a films file. */
const filmEntry = z
  .object({
    id: z
      .string()
      .regex(/^(tt\d+|selfstreme:[\w.-]+)$/, 'expected an IMDb id ("tt…") or "selfstreme:" and a name'),
    type: z.enum(['movie', 'series']),
    name: text.regex(/\S/, 'expected a name'),
    infoHash: text.optional(),
    magnet: text.optional(),
    fileIdx: number.max(65_535).optional(),
    season: number.optional(),
    episode: number.optional(),
    trackers: z.array(tracker).optional(),
    title: text.optional(),
    description: text.optional(),
    licence: text.optional(),
    attribution: text.optional(),
    poster: link.optional(),
    background: link.optional(),
    year: z.number().int().min(1800).max(3000).optional(),
    runtime: text.optional(),
    genres: z.array(text).optional(),
    quality: text.optional(),
    fileName: text.optional(),
    sizeBytes: number.optional(),
  })
  .transform(({ infoHash, magnet, trackers, ...entry }, context) => {
    const link = parseMagnet(magnet ?? '')
    const hash = infoHash === undefined ? link?.infoHash : parseInfoHash(infoHash)
    if (!hash) {
      context.addIssue(
        'expected "infoHash" (40 hex digits or 32 base32 letters) or "magnet" (a link with such a hash)',
      )
    }
    if (entry.type === 'series') {
      for (const key of ['season', 'episode', 'fileIdx'] as const) {
        if (entry[key] === undefined) context.addIssue(`an episode needs "${key}"`)
      }
    }
    return {
      ...entry,
      infoHash: hash as InfoHash,
      trackers: [...(trackers ?? []), ...(link?.trackers ?? [])],
    }
  })

/** A film, or one episode of a series; episodes with the same id are one series. */
export type Film = z.infer<typeof filmEntry>

/**
 * Reads a list of films. Invalid entries are skipped.
 *
 * @param json - the parsed file
 * @returns the films, and one sentence for each skipped entry
 * @throws TypeError if it is not a list
 */
export function parseFilms(json: unknown): { films: Film[]; problems: string[] } {
  if (!Array.isArray(json)) throw new TypeError('expected a list of films: [ { "id": … }, … ]')
  const films: Film[] = []
  const problems: string[] = []
  for (const [index, entry] of json.entries()) {
    const parsed = filmEntry.safeParse(entry)
    if (parsed.success) films.push(parsed.data)
    else
      problems.push(
        `entry ${index + 1} (${labelOf(entry)}) is skipped: ${parsed.error.issues.map(worded).join('; ')}`,
      )
  }
  return { films, problems }
}

function worded({
  path,
  message,
}: {
  readonly path: readonly PropertyKey[]
  readonly message: string
}): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message
}

function labelOf(entry: unknown): string {
  const { name, id } = (typeof entry === 'object' && entry ? entry : {}) as { name?: unknown; id?: unknown }
  return JSON.stringify(name ?? id ?? 'without name')
}
