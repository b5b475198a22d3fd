import { z } from 'zod'
import { parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { type BehaviorHints, type Found, type StatedSize, unnamedFileOf } from '../domain/list/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import { statedBytes, statedSeeders } from './parse-description.ts'

const MAX_STREAMS = 2_000
const MAX_HEADERS = 20
/** of a release name */
const MAX_LENGTH = 300

const text = (max: number) =>
  z
    .string()
    .transform((value) => value.slice(0, max).toWellFormed().trim() || undefined)
    .optional()
    .catch(undefined)
const list = <T extends z.ZodType>(item: T, most: number) =>
  z
    .array(z.unknown())
    .transform((all) => all.slice(0, most).flatMap((each) => item.safeParse(each).data ?? []) as z.infer<T>[])
    .catch([])
/** Some addons write numbers as strings. */
const count = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .pipe(z.number().int())
const maybe = <T extends z.ZodType>(type: T) => type.optional().catch(undefined)
const headers = z
  .record(z.string().max(100), z.string().max(2_000))
  .transform((all) => Object.fromEntries(Object.entries(all).slice(0, MAX_HEADERS)))
  .catch({})
const subtitle = z.object({
  id: z.string().max(200),
  url: z.url({ protocol: /^https?$/ }).max(2_000),
  lang: z.string().max(50),
})

const behaviorHints = z.object({
  bingeGroup: text(300),
  filename: text(300),
  videoSize: maybe(count.pipe(z.number().positive())),
  videoHash: maybe(z.string().regex(/^[0-9a-f]{16}$/i)),
  notWebReady: maybe(z.boolean()),
  countryWhitelist: maybe(z.array(z.string().max(3)).max(300)),
  proxyHeaders: maybe(z.object({ request: headers, response: headers })),
})

const stream = z.object({
  infoHash: maybe(z.string()),
  fileIdx: maybe(count.pipe(z.number().min(0).max(65_535))),
  sources: list(z.string().max(1_000), 100),
  url: maybe(z.string().max(8_000)),
  name: text(200),
  title: text(1_000),
  description: text(1_000),
  behaviorHints: behaviorHints.catch({}),
  subtitles: list(subtitle, 50),
})

const streamList = z.object({ streams: z.array(z.unknown()) })

/** @throws SelfStremeError `source.bad_answer` */
export function readStreams(json: unknown, video: VideoId): Found[] {
  const parsed = streamList.safeParse(json)
  if (!parsed.success) throw new SelfStremeError('source.bad_answer', 'the answer has no "streams"')
  return parsed.data.streams.slice(0, MAX_STREAMS).flatMap((entry) => readStream(entry, video) ?? [])
}

/**
 * Reads one stream of another addon.
 *
 * @returns `undefined` if it is neither a torrent nor a link that any device can open
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/stream.md
 */
export function readStream(entry: unknown, video: VideoId): Found | undefined {
  const { data } = stream.safeParse(entry)
  if (!data) return undefined
  const { name, fileIdx, subtitles } = data
  const description = data.description ?? data.title
  const hints = withoutUndefined(data.behaviorHints)
  const upstream = withoutUndefined({ name, description, hints })
  const releaseName = releaseNameOf(description, hints)
  const said = [name, description].join('\n')
  const title = releaseName ?? name?.split('\n')[0] ?? video.id
  const shared = { title, releaseName, size: sizeOf(hints, statedBytes(said)), upstream }

  // Stremio treats a stream with both as a link.
  if (data.url !== undefined && /^https?:\/\//i.test(data.url)) {
    if (!URL.canParse(data.url)) return undefined
    return withoutUndefined({ ...shared, kind: 'pass-through' as const, url: data.url, subtitles })
  }
  const magnet = parseMagnet(data.url ?? '')
  const infoHash = parseInfoHash(data.infoHash ?? '') ?? magnet?.infoHash
  if (!infoHash) return undefined
  return withoutUndefined({
    ...shared,
    kind: 'torrent' as const,
    infoHash,
    file: fileIdx === undefined ? unnamedFileOf(video) : { kind: 'file' as const, fileIdx },
    trackers: trackersOf(data.sources, magnet?.trackers),
    fileName: hints.filename,
    seeders: statedSeeders(said),
  })
}

function sizeOf({ videoSize }: BehaviorHints, stated: number | undefined): StatedSize | undefined {
  if (videoSize !== undefined) return { bytes: videoSize, of: 'file', exact: true }
  return stated === undefined ? undefined : { bytes: stated, of: 'file', exact: false }
}

/** `tracker:udp://…` in Stremio's `sources`; `dht:…` only repeats the info hash. */
function trackersOf(sources: readonly string[], more: readonly string[] = []): string[] {
  return allowedTrackers(
    [...sources.flatMap((source) => /^tracker:(.+)$/i.exec(source)?.[1] ?? []), ...more],
    [],
  )
}

/** Most addons begin the description with the torrent's name; a line that begins with a symbol is something else. */
function releaseNameOf(description: string | undefined, { filename }: BehaviorHints): string | undefined {
  const [first = ''] = description?.split('\n') ?? []
  return /^[\p{L}\p{N}[(]/u.test(first) ? first.slice(0, MAX_LENGTH).toWellFormed().trim() : filename
}
