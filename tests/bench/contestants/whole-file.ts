import { copyFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { startContestant } from '../contestants.ts'
import type { FileServer } from '../file-servers.ts'
import { openFilm } from '../measure/open-film.ts'
import type { Film } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'

const PIECE_LENGTH = 1024 * 1024
const INFO_HASH = '0123456789abcdef0123456789abcdef01234567'

/** A film that the contestant has fetched completely from the swarm. */
export async function serveFetchedBy(name: string, film: Film): Promise<FileServer> {
  await using starting = new AsyncDisposableStack()
  const torrent = starting.use(await startSeeders(film, { pieceLength: PIECE_LENGTH }))
  const contestant = starting.use(await startContestant(name, torrent))
  const url = await contestant.open(torrent)
  const stream = await openFilm(url)
  let bytes = 0
  for await (const part of stream) bytes += (part as Buffer).length
  if (bytes !== film.bytes.length) throw new Error(`${name} sent ${bytes} bytes`)
  await contestant.settled()
  const parts = starting.move()
  return { url, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** A film that the user has put into the download folder of this server. */
export async function servePlacedFile(film: Film): Promise<FileServer> {
  await using starting = new AsyncDisposableStack()
  const torrent = { infoHash: INFO_HASH, trackerUrl: '', magnet: '' }
  const contestant = starting.use(await startContestant('self-streme', torrent))
  const path = join(contestant.folder, `${INFO_HASH}.mkv`)
  await copyFile(film.path, path)
  // It was put there long ago: a recently changed file is checked twice.
  await utimes(path, 0, 0)
  const url = await contestant.open(torrent)
  const parts = starting.move()
  return { url, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
