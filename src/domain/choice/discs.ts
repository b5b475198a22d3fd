import type { TorrentFile } from '../bittorrent/metainfo.ts'

// Copies of complete discs. Their files are numbered and have no names, so the structure tells which of them is the
// film.

/** `VIDEO_TS/VTS_01_2.VOB`: title set 1, part 2; part 0 is its menu. */
const OF_DVD = /(?:^|\/)(?<file>(?:vts_(?<set>\d\d)_(?<part>\d)|video_ts)\.vob)$/i
/** `BDMV/STREAM/00800.m2ts` */
const OF_BLU_RAY = /(?:^|\/)bdmv\/stream\/(?<file>[^/]+\.(?:m2ts|mts))$/i
/** Checked first, since most files are not of a disc. */
const ENDING = /\.(?:vob|m2ts|mts)$/i
const STRUCTURE = /(?:^|\/)(?:video_ts|bdmv\/stream|bdmv)$/i

/** Whether a file is a part of a DVD or a Blu-ray disc. */
export function isOfDisc(path: string): boolean {
  return ENDING.test(path.slice(-5)) && (isOfDvd(path) || OF_BLU_RAY.test(path))
}

/** Whether a file is a part of a DVD. */
export function isOfDvd(path: string): boolean {
  return OF_DVD.test(path)
}

/** The folder that contains a disc, for a folder of its structure; any other folder unchanged. */
export function withoutDiscFolders(folder: string): string {
  return folder.replace(STRUCTURE, '')
}

/**
 * The file with which the film on each disc begins: on a DVD the first part of the largest title set, on a Blu-ray disc
 * the largest stream.
 *
 * @returns indexes, counted over all files
 */
export function mainFilesOfDiscs(files: readonly TorrentFile[]): Set<number> {
  const main = new Set<number>()
  for (const parts of Map.groupBy(partsOf(files), ({ disc }) => disc).values()) {
    const sets = [...Map.groupBy(parts, ({ set }) => set).values()]
    const [first] =
      sets.sort((a, b) => bytesOf(b) - bytesOf(a) || (a[0]?.index ?? 0) - (b[0]?.index ?? 0))[0] ?? []
    if (first) main.add(first.index)
  }
  return main
}

interface DiscPart {
  readonly index: number
  readonly length: number
  /** folder */
  readonly disc: string
  /** of parts that are played in a row */
  readonly set: string
}

/** In playing order. */
function partsOf(files: readonly TorrentFile[]): DiscPart[] {
  return files
    .map(({ path, length }, index) => {
      if (!ENDING.test(path.slice(-5))) return undefined
      const dvd = OF_DVD.exec(path)
      const found = dvd ?? OF_BLU_RAY.exec(path)
      if (!found?.groups || dvd?.groups?.part === '0' || (dvd && dvd.groups?.set === undefined))
        return undefined
      const { file = '', set = file } = found.groups
      return { index, length, disc: path.slice(0, path.length - file.length).toLowerCase(), set, path }
    })
    .filter((part) => part !== undefined)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function bytesOf(parts: readonly DiscPart[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
