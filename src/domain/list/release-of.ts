import { LRUCache } from 'lru-cache'
import { heapBytes } from '../../lib/heap-bytes.ts'
import { parseReleaseName, type ReleaseName } from '../names/release-name.ts'
import type { Found } from './candidate.ts'

/** bytes; one entry takes about a thousand */
const MAX_KNOWN = 8 * 1024 * 1024

/** Parsing a name takes a third of a millisecond, and the same few hundred names are in every list. */
const known = new LRUCache<string, ReleaseName>({
  maxSize: MAX_KNOWN,
  sizeCalculation: (release, name) => heapBytes([name, release]),
})

/** The parsed name of a release; each is parsed once. */
export function releaseOf(found: Found): ReleaseName {
  const name = nameOf(found)
  const before = known.get(name)
  if (before) return before
  const release = parseReleaseName(name)
  known.set(name, release)
  return release
}

/** The release name if a source gave one, else the file name, else the title. */
export function nameOf(found: Found): string {
  return found.releaseName ?? fileNameOf(found) ?? found.title
}

/** The name of the video file. */
export function fileNameOf(found: Found): string | undefined {
  return (found.kind === 'torrent' ? found.fileName : undefined) ?? found.upstream?.hints.filename
}
