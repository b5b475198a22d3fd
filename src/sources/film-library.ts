import { readFile, stat } from 'node:fs/promises'
import pLimit from 'p-limit'
import { MAIN_FILE } from '../domain/choice/file-choice.ts'
import { messageOf } from '../domain/errors.ts'
import type { Candidate } from '../domain/list/candidate.ts'
import { episodeLabel } from '../domain/names/episode-label.ts'
import type { VideoId } from '../domain/video-id.ts'
import { fingerprintOf } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import { type Film, parseFilms } from './films.ts'
import freeFilms from './free-films.json' with { type: 'json' }
import type { Source } from './source.ts'

/** All films that the server knows by itself: the free ones that come with it, and the user's own. */
export interface FilmLibrary extends Source {
  films(): Promise<readonly Film[]>
}

/** @param options.file - JSON file with the user's films; read again whenever it has changed */
export function createFilmLibrary(options: { readonly file?: string | undefined }, log: Log): FilmLibrary {
  const free = parseFilms(freeFilms).films
  let own: readonly Film[] = []
  let ownVersion = ''
  const oneAtATime = pLimit(1)

  async function films(): Promise<readonly Film[]> {
    const { file } = options
    if (file !== undefined) await oneAtATime(() => readAgainIfChanged(file))
    return [...free, ...own]
  }

  async function readAgainIfChanged(file: string): Promise<void> {
    // Whatever is wrong with it, reading it will say.
    const found = await stat(file).catch(() => undefined)
    const version = found ? fingerprintOf(found) : 'missing'
    if (version === ownVersion) return
    ownVersion = version
    try {
      // Reading a pipe would block until someone writes into it.
      if (found && !found.isFile()) throw new TypeError('it is no file')
      const { films, problems } = parseFilms(
        JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, '')),
      )
      for (const problem of problems) log.warn(`FILMS_FILE: ${problem}`, { file })
      log.info('films file read', { file, films: films.length })
      own = films
    } catch (error) {
      // An editor may be in the middle of writing it: what was there before stays until it can be read.
      log.warn('FILMS_FILE cannot be read', { file, reason: messageOf(error) })
    }
  }

  return {
    name: 'films',
    kind: 'local',
    films,
    async find(video) {
      return (await films()).filter((film) => isVideo(film, video)).map(candidateOf)
    },
  }
}

function isVideo(film: Film, video: VideoId): boolean {
  if (film.id !== video.id) return false
  if (video.kind === 'movie') return film.type === 'movie'
  return film.type === 'series' && film.season === video.season && film.episode === video.episode
}

function candidateOf(film: Film): Candidate {
  const { infoHash, fileIdx, trackers, quality, fileName, sizeBytes } = film
  return {
    kind: 'torrent',
    infoHash,
    title:
      film.type === 'series'
        ? `${film.name} ${episodeLabel([film.season ?? 0], [film.episode ?? 0])}`
        : film.name,
    trackers,
    bingeKey: `${film.id}|${quality ?? ''}`,
    file: fileIdx === undefined ? MAIN_FILE : { kind: 'file', fileIdx },
    ...(quality === undefined ? {} : { quality }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(sizeBytes === undefined ? {} : { size: { bytes: sizeBytes, of: 'file', exact: true } }),
  }
}
