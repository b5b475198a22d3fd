import type { TorrentInfo } from '../bittorrent/metainfo.ts'

/** Segments at the end of two paths that are compared. */
const MAX_NAMES = 20
/** Characters at the end of a path that are compared. */
const MAX_LENGTH = 2_000

/** A file that may be one of a torrent's. */
export interface OfferedFile {
  /** as much of it as is known, with `/` between folders */
  readonly path: string
  /** bytes */
  readonly length: number
}

interface Candidate {
  readonly index: number
  readonly length: number
  /** segments of its path, last one first */
  readonly names: readonly string[]
}

/**
 * Matches files to those of a torrent by names and lengths: first files of the same length, longest common path ending
 * first; then the rest by length alone, if there is only one such file on either side.
 *
 * @returns for each file of the torrent the index of an offered file, each used once
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

/** In one normal form: accented letters have two encodings, and file systems differ in which they return. */
function namesOf(path: string): string[] {
  return path
    .slice(-MAX_LENGTH)
    .normalize()
    .split('/')
    .filter((name) => name !== '')
    .reverse()
    .slice(0, MAX_NAMES)
}

/** Equal for two files of the same length if the last `depth` segments of their paths are equal. */
function endOf({ length, names }: Candidate, depth: number): string {
  return [length, ...names.slice(0, depth)].join('/')
}
