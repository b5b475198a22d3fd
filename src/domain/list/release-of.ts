import { LRUCache } from 'lru-cache'
import { heapBytes } from '../../lib/heap-bytes.ts'
import { parseReleaseName, type ReleaseName } from '../names/release-name.ts'
import type { Found } from './candidate.ts'

/** bytes; one takes about a thousand */
const MOST_KNOWN = 8 * 1024 * 1024

/** Reading a name takes a third of a millisecond, and the same few hundred come with every list. */
const known = new LRUCache<string, ReleaseName>({
  maxSize: MOST_KNOWN,
  sizeCalculation: (release, name) => heapBytes([name, release]),
})

/** What the name of a release says; each is read once. */
export function releaseOf(found: Found): ReleaseName {
  const name = nameOf(found)
  const before = known.get(name)
  if (before) return before
  const release = parseReleaseName(name)
  known.set(name, release)
  return release
}

/** What whoever made it called it, as far as anybody says. */
export function nameOf(found: Found): string {
  return found.releaseName ?? fileNameOf(found) ?? found.title
}

/** What the video itself is called. */
export function fileNameOf(found: Found): string | undefined {
  return (found.kind === 'torrent' ? found.fileName : undefined) ?? found.upstream?.hints.filename
}
