import type { Reading } from '../../streaming/reads.ts'
import type { CacheIndex } from '../../torrent-index/torrent-index.ts'
import { fileOf, type Guesses } from '../guesses.ts'
import { isComplete } from '../selected-files.ts'

/** Proposes the rest of the file that is being watched, which is fetched even if the viewer leaves. */
export function proposeWatched(
  guesses: Pick<Guesses, 'add'>,
  index: Pick<CacheIndex, 'find'>,
  { infoHash, fileIdx }: Reading,
): void {
  const contents = index.find(infoHash)
  if (contents && isComplete(contents, fileIdx)) return
  guesses.add({ ...fileOf(infoHash, fileIdx), why: 'all', whom: `${infoHash}/${fileIdx}` })
}
