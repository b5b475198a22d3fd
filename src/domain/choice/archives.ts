import type { TorrentFile } from '../bittorrent/metainfo.ts'

/** `film.rar`, `film.r00`, `film.part01.rar`, `film.zip`, `film.z01`, `film.7z`, `film.7z.001`, `film.001` */
const PART = /(?<end>(?:\.part\d{1,4})?\.rar|\.[r-z]\d{2,3}|\.(?:zip|7z)(?:\.\d{3})?|\.\d{3})$/i
/** Characters; `.part0001.rar` has fewer. */
const MAX_ENDING_LENGTH = 20
/**
 * A video smaller than this share of the archive next to it is a sample: the film in the archive is about as large as
 * the archive.
 */
const MIN_SHARE = 0.2

/**
 * Finds videos that are samples of a film in an archive next to them.
 *
 * @returns whether a video is one, by its path and size
 */
export function archiveSamples(files: readonly TorrentFile[]): (path: string, length: number) => boolean {
  const sizes = new Map<string, number>()
  for (const { path, length } of files) {
    const found = PART.exec(path.slice(-MAX_ENDING_LENGTH))
    if (!found) continue
    const archive = path.slice(0, -found[0].length)
    sizes.set(archive, (sizes.get(archive) ?? 0) + length)
  }
  const largest = new Map<string, number>()
  for (const [archive, bytes] of sizes) {
    const folder = folderOf(archive)
    largest.set(folder, Math.max(largest.get(folder) ?? 0, bytes))
  }
  return (path, length) => {
    const folder = folderOf(path)
    const beside = Math.max(
      largest.get(folder) ?? 0,
      folder === '' ? 0 : (largest.get(folderOf(folder)) ?? 0),
    )
    return length < beside * MIN_SHARE
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
