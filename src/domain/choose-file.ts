import { isVideo } from './content-type.ts'
import type { TorrentFile } from './metainfo.ts'

/**
 * Which file of a torrent to play.
 *
 * @param fileIdx - counted over all files from 0; without it, the largest video
 * @returns index of the file, or `undefined` if there is no such file or it is no video
 */
export function chooseFile(files: readonly TorrentFile[], fileIdx?: number): number | undefined {
  const playable = files.map((file, index) => ({ file, index })).filter(({ file }) => isPlayable(file))
  if (fileIdx !== undefined) return playable.find(({ index }) => index === fileIdx)?.index
  return playable.reduce<(typeof playable)[number] | undefined>(
    (best, next) => (best && best.file.length >= next.file.length ? best : next),
    undefined,
  )?.index
}

function isPlayable(file: TorrentFile): boolean {
  return !file.isPadding && file.length > 0 && isVideo(file.name)
}
