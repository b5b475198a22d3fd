import { type InfoHash, parseInfoHash } from './bittorrent/info-hash.ts'
import { MAX_TRACKERS } from './bittorrent/tracker-url.ts'
import { type EpisodeChoice, type FileChoice, type LinkChoice, MAIN_FILE } from './choice/file-choice.ts'
import { SelfStremeError } from './errors.ts'

/** What the address of a video says, behind `/stream/proxy`. */
export interface StreamAddress {
  readonly infoHash: InfoHash
  readonly choice: FileChoice
  /** what the file is called, for players and for files that the user placed */
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  readonly isPrivate: boolean
}

/** Stands in the path where a file has its index: the largest video. */
const MAIN = 'main'
const INDEX = /^\d{1,9}$/
const EPISODE = /^(?:s(?<season>\d{1,6}))?e(?<episode>\d{1,6})$/i

/**
 * Writes `/{infoHash}/{which}/{name}[?tr=…|?private=1]`, where `which` is an index, an episode (`s1e2`, or `e5` without
 * seasons), or `main`. All that decides which video it is stands in the path, and the trackers last: some players cut an
 * address at its first `=` or `&`.
 *
 * @param name - with an ending: the last part of the path is what players and subtitle services take for the file name
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
 * Reads what {@link writeStreamAddress} writes, and what earlier versions wrote:
 * `/{infoHash}[/{fileIdx}[/{name}]][?tr=…][&season=…][&episode=…]`. By hand, because the name is decoration for players:
 * whatever stands there must not make the request fail.
 *
 * @throws SelfStremeError `media.not_found`
 */
export function parseStreamAddress(url: string): StreamAddress {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const [hash = '', which = '', ...rest] = path.split('/').slice(1)
  const infoHash = parseInfoHash(hash)
  if (!infoHash) throw new SelfStremeError('media.not_found', `"${hash.slice(0, 80)}" is no info hash`)
  const params = query === '' ? undefined : new URLSearchParams(query)
  return {
    infoHash,
    choice: which === '' ? readQuery(params) : readWhich(which),
    name: decoded(rest.join('/')) || undefined,
    trackers: params?.getAll('tr').slice(0, MAX_TRACKERS) ?? [],
    // A cut address may have lost the value. Only one that was never private has none of it.
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
      `"${which.slice(0, 80)}" says no file: expected its index, an episode (s1e2), or ${MAIN} for the largest video`,
    )
  return episodeChoice(season === undefined ? undefined : Number(season), Number(episode))
}

/**
 * The query of an earlier version may have lost the episode where a player cut it. One of which only trackers are left
 * may be for an episode, and gets no video out of a pack.
 */
function readQuery(params: URLSearchParams | undefined): FileChoice {
  if (!params) return MAIN_FILE
  const [season, episode] = ['season', 'episode'].map((name) => {
    const text = params.get(name)
    if (text === null || /^\d{1,6}$/.test(text)) return text === null ? undefined : Number(text)
    throw notFound(`"${text.slice(0, 80)}" is no ${name} number`)
  })
  if (episode !== undefined) return episodeChoice(season, episode)
  if (season !== undefined) throw notFound('there is a season, and no episode')
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
