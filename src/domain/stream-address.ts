import { type InfoHash, parseInfoHash } from './bittorrent/info-hash.ts'
import { MAX_TRACKERS } from './bittorrent/tracker-url.ts'
import { type EpisodeChoice, type FileChoice, type LinkChoice, MAIN_FILE } from './choice/file-choice.ts'
import { SelfStremeError } from './errors.ts'

/** The parts of a video's address after `/stream/proxy`. */
export interface StreamAddress {
  readonly infoHash: InfoHash
  readonly choice: FileChoice
  /** file name, for players and for choosing among the user's files */
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  readonly isPrivate: boolean
}

/** In place of an index: the largest video. */
const MAIN = 'main'
const INDEX = /^\d{1,9}$/
const EPISODE = /^(?:s(?<season>\d{1,6}))?e(?<episode>\d{1,6})$/i

/**
 * Writes `/{infoHash}/{which}/{name}[?tr=…|?private=1]`, where `which` is an index, an episode (`s1e2`, or `e5` without
 * seasons), or `main`. Everything that identifies the video is in the path, and the trackers come last: some players
 * cut an address at its first `=` or `&`.
 *
 * @param name - with extension: players and subtitle services take the last segment as the file name
 */
export function writeStreamAddress({
  infoHash,
  choice,
  name,
  trackers,
  isPrivate,
}: StreamAddress & { readonly name: string; readonly choice: LinkChoice }): string {
  const path = [infoHash, writeWhich(choice), name].map((part) => encodeURIComponent(part.toWellFormed()))
  const query = new URLSearchParams(
    isPrivate ? [['private', '1']] : trackers.map((url): [string, string] => ['tr', url]),
  )
  return `/${path.join('/')}${query.size > 0 ? `?${query}` : ''}`
}

function writeWhich(choice: LinkChoice): string {
  switch (choice.kind) {
    case 'main':
      return MAIN
    case 'file':
      return String(choice.fileIdx)
    case 'episode':
      return `${choice.season === undefined ? '' : `s${choice.season}`}e${choice.episode}`
  }
}

/**
 * Parses addresses by {@link writeStreamAddress}, and those of earlier versions:
 * `/{infoHash}[/{fileIdx}[/{name}]][?tr=…][&season=…][&episode=…]`. Not with a router, because the name is only for
 * players: no text in it may make the request fail.
 *
 * @throws SelfStremeError `media.not_found`
 */
export function parseStreamAddress(url: string): StreamAddress {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const [hash = '', which = '', ...rest] = path.split('/').slice(1)
  const infoHash = parseInfoHash(hash)
  if (!infoHash) throw new SelfStremeError('media.not_found', `"${hash.slice(0, 80)}" is not an info hash`)
  const params = query === '' ? undefined : new URLSearchParams(query)
  return {
    infoHash,
    choice: which === '' ? readQuery(params) : readWhich(which),
    name: decoded(rest.join('/')) || undefined,
    trackers: params?.getAll('tr').slice(0, MAX_TRACKERS) ?? [],
    // The value may have been cut off by a player; the parameter exists only for private torrents.
    isPrivate: params?.has('private') ?? false,
  }
}

function readWhich(which: string): LinkChoice {
  if (INDEX.test(which)) return { kind: 'file', fileIdx: Number(which) }
  if (which.toLowerCase() === MAIN) return MAIN_FILE
  const { season, episode } = EPISODE.exec(which)?.groups ?? {}
  if (episode === undefined)
    throw new SelfStremeError(
      'media.not_found',
      `"${which.slice(0, 80)}" is not a file (expected its index, an episode such as s1e2, or ${MAIN} for the largest video)`,
    )
  return episodeChoice(season === undefined ? undefined : Number(season), Number(episode))
}

/**
 * Reads the query of an earlier version, whose episode a player may have cut off. If only trackers are left, it may
 * have been for an episode, and gets no video out of a pack.
 */
function readQuery(params: URLSearchParams | undefined): FileChoice {
  if (!params) return MAIN_FILE
  const [season, episode] = ['season', 'episode'].map((name) => {
    const text = params.get(name)
    if (text === null || /^\d{1,6}$/.test(text)) return text === null ? undefined : Number(text)
    throw notFound(`"${text.slice(0, 80)}" is not a valid ${name} number`)
  })
  if (episode !== undefined) return episodeChoice(season, episode)
  if (season !== undefined) throw notFound('season given without episode')
  return params.has('tr') || params.has('private') ? { kind: 'only' } : MAIN_FILE
}

function episodeChoice(season: number | undefined, episode: number): EpisodeChoice {
  return { kind: 'episode', episode, ...(season === undefined ? {} : { season }) }
}

function notFound(reason: string): SelfStremeError {
  return new SelfStremeError('media.not_found', reason, { details: { reason } })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
