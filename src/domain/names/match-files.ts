import type { TorrentInfo } from '../bittorrent/metainfo.ts'

/** Names at the end of two paths that agree beyond this number make no difference. */
const MAX_NAMES = 20
/** Folders further out make none either. */
const MAX_LENGTH = 2_000

/** A file that somebody has, which may be one of a torrent. */
export interface OfferedFile {
  /** as much of it as is known, with `/` between folders */
  readonly path: string
  /** bytes */
  readonly length: number
}

interface Candidate {
  readonly index: number
  readonly length: number
  /** the names in its path, the last one first */
  readonly names: readonly string[]
}

/**
 * Which of somebody's files is which of a torrent, as far as names and lengths tell: those of the same length whose
 * paths agree the most; what is left, by the length alone, where there is only one such file on either side.
 *
 * @returns for each file of the torrent the index of an offered one, each of them once
 */
export function matchFiles(
  { name, files }: Pick<TorrentInfo, 'name' | 'files'>,
  offered: readonly OfferedFile[],
): (number | undefined)[] {
  const matched: (number | undefined)[] = files.map(() => undefined)
  const wanted = new Set(
    files.flatMap(({ path, length, isPadding }, index): Candidate[] =>
      isPadding || length === 0 ? [] : [{ index, length, names: namesOf(`${name}/${path}`) }],
    ),
  )
  const offers = new Set(
    offered.map(({ path, length }, index): Candidate => ({ index, length, names: namesOf(path) })),
  )

  for (let depth = MAX_NAMES; depth > 0; depth--) {
    const byEnd = Map.groupBy(offers, (offer) => endOf(offer, depth))
    for (const file of wanted) {
      const offer = file.names.length < depth ? undefined : byEnd.get(endOf(file, depth))?.shift()
      if (offer) take(file, offer)
    }
  }
  const offersLeft = Map.groupBy(offers, ({ length }) => length)
  for (const [length, [file, ...others]] of Map.groupBy(wanted, ({ length }) => length)) {
    const [offer, ...otherOffers] = offersLeft.get(length) ?? []
    if (file && offer && others.length + otherOffers.length === 0) take(file, offer)
  }
  return matched

  function take(file: Candidate, offer: Candidate): void {
    matched[file.index] = offer.index
    wanted.delete(file)
    offers.delete(offer)
  }
}

/** Letters with marks can be written in two ways, and disks differ in which. */
function namesOf(path: string): string[] {
  return path
    .slice(-MAX_LENGTH)
    .normalize()
    .split('/')
    .filter((name) => name !== '')
    .reverse()
    .slice(0, MAX_NAMES)
}

/** The same for two files of one length if the last names in their paths are the same. */
function endOf({ length, names }: Candidate, depth: number): string {
  return [length, ...names.slice(0, depth)].join('/')
}
