import { MAIN_FILE } from '../domain/choice/file-choice.ts'
import { messageOf } from '../domain/errors.ts'
import type { Candidate } from '../domain/list/candidate.ts'
import { episodeLabel } from '../domain/names/episode-label.ts'
import { isVideoOf } from '../domain/names/episode-of.ts'
import type { VideoId } from '../domain/video-id.ts'
import { Deadline } from '../lib/deadline.ts'
import type { LibraryFile } from '../library/library-file.ts'
import type { Titles } from '../library/titles.ts'
import type { Log } from '../observe/log.ts'
import type { Metadata } from './metadata.ts'
import type { FindOptions, Source } from './source.ts'
import type { Title } from './title.ts'

export interface LibraryOptions {
  /** how long results by id wait for results by title */
  readonly titleMs: number
}

const OF_OWN_LIST = 'selfstreme:'
/** How far the year in a name may be off: films are first shown at festivals, or abroad. */
const YEARS_OFF = 1

/**
 * Everything on disk. A file whose name gives an id is found by that id, others by title.
 *
 * @param metadata - provides titles; absent = search by id only
 */
export function createLibrarySource(
  { titleMs }: LibraryOptions,
  titles: Pick<Titles, 'withId' | 'titled' | 'has'>,
  metadata: Metadata | undefined,
  log: Log,
): Source {
  async function titleOf(
    video: VideoId,
    signal: AbortSignal,
    options?: FindOptions,
  ): Promise<Title | undefined> {
    const isAsked = metadata && !video.id.startsWith(OF_OWN_LIST) && (await titles.has(video.kind))
    if (!isAsked) return undefined
    using deadline = new Deadline(titleMs)
    try {
      return await metadata.find(video, AbortSignal.any([signal, deadline.signal]), options)
    } catch (error) {
      signal.throwIfAborted()
      const reason = deadline.isPassed ? `no title within ${titleMs} ms` : messageOf(error)
      log.debug('the library is not searched by title', { id: video.id, reason })
      return undefined
    }
  }

  async function called({ name, aliases, year }: Title, { kind, id }: VideoId): Promise<LibraryFile[]> {
    const found = await Promise.all([name, ...aliases].map((each) => titles.titled(kind, each)))
    return found
      .flat()
      .filter((titled) => isNear(titled.year, year) && !isOther(titled.file, id))
      .map(({ file }) => file)
  }

  return {
    name: 'library',
    kind: 'local',
    async find(video, signal, options) {
      signal.throwIfAborted()
      const works = await titles.withId(video.kind, video.id)
      const title = await titleOf(video, signal, options)
      const files = new Set([
        ...works.flatMap((work) => work.files),
        ...(title ? await called(title, video) : []),
      ])
      return [...files]
        .filter(({ about }) => isVideoOf(about, video, title))
        .map((file) => candidateOf(file, video, title?.name))
    },
  }
}

function isNear(year: number | undefined, wanted: number | undefined): boolean {
  return year === undefined || wanted === undefined || Math.abs(year - wanted) <= YEARS_OFF
}

/** Its name gives another id, as with two films of the same title. */
function isOther({ ids }: LibraryFile, id: string): boolean {
  const catalogue = /^(?:tt|[a-z]+:)/.exec(id)?.[0]
  const same = catalogue === undefined ? [] : ids.filter((each) => each.startsWith(catalogue))
  return same.length > 0 && !same.includes(id)
}

function candidateOf(file: LibraryFile, video: VideoId, title = file.about.title): Candidate {
  const { infoHash, fileIdx, isLocal, name, path, size, about } = file
  const { resolution, group } = about
  return {
    kind: 'torrent',
    infoHash,
    title: video.kind === 'movie' ? title : `${title} ${episodeLabel([video.season ?? 1], [video.episode])}`,
    trackers: [],
    bingeKey: [video.id, resolution, group].filter(Boolean).join('|'),
    fileName: name,
    size: { bytes: size, of: 'file', exact: true },
    releaseName: path,
    file: fileIdx === undefined ? MAIN_FILE : { kind: 'file', fileIdx },
    ...(isLocal ? { isLocal } : {}),
    ...(resolution === undefined ? {} : { quality: resolution }),
  }
}
