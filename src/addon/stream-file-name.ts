import { numberedFileName } from '../domain/bittorrent/file-names.ts'
import { isVideo } from '../domain/content-type.ts'
import type { Found } from '../domain/list/candidate.ts'
import { nameOf } from '../domain/list/release-of.ts'

/** Words in a release name that imply a container: the container itself, or a codec or group that always uses it. */
const ENDINGS: readonly (readonly [said: RegExp, ending: string])[] = [
  [/(?<![\p{L}\d])(?:mp4|m4v|yts|yify)(?![\p{L}\d])/iu, 'mp4'],
  [/(?<![\p{L}\d])(?:mkv|matroska)(?![\p{L}\d])/iu, 'mkv'],
  [/(?<![\p{L}\d])webm(?![\p{L}\d])/iu, 'webm'],
  [/(?<![\p{L}\d])(?:avi|xvid|divx)(?![\p{L}\d])/iu, 'avi'],
  [/(?<![\p{L}\d])wmv(?![\p{L}\d])/iu, 'wmv'],
  [/(?<![\p{L}\d])(?:m2ts|bdmv)(?![\p{L}\d])/iu, 'm2ts'],
]
const USUAL_ENDING = 'mkv'
/** At the end of a release name it means a copy made in a cinema. */
const TELESYNC = /\.ts$/i
/** Not of a video: an archive, or the torrent itself. */
const OTHER_ENDING = /\.(?:torrent|rar|zip|7z|iso|nfo)$/i
const MAX_LENGTH = 500

/**
 * The file name of a video for players and subtitle services: that of its file if known, else the release name with the
 * most likely extension.
 *
 * @param known - name of the file
 */
export function streamFileName(found: Found, known: string | undefined): string {
  if (known !== undefined && isVideo(known)) return known
  const name = (known || nameOf(found)).slice(0, MAX_LENGTH).replace(OTHER_ENDING, '').trim()
  const ending = `.${endingOf(found, name)}`
  const fileName = numberedFileName(isVideo(name) && !TELESYNC.test(name) ? name : name + ending, 1)
  return isVideo(fileName) ? fileName : `video${ending}`
}

function endingOf(found: Found, name: string): string {
  const linked = found.kind === 'pass-through' ? endingOfLink(found.url) : undefined
  return linked ?? ENDINGS.find(([said]) => said.test(name))?.[1] ?? USUAL_ENDING
}

function endingOfLink(url: string): string | undefined {
  const path = URL.parse(url)?.pathname ?? ''
  return isVideo(path) ? path.slice(path.lastIndexOf('.') + 1).toLowerCase() : undefined
}
