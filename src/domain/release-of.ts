import { LRUCache } from 'lru-cache'
import type { Found } from './candidate.ts'
import { parseReleaseName, type ReleaseName } from './release-name.ts'

const MOST_KNOWN = 5_000

/** Reading a name takes a third of a millisecond, and the same few hundred come with every list. */
const known = new LRUCache<string, ReleaseName>({ max: MOST_KNOWN })

/** What the name of a release says; each is read once. */
export function releaseOf(found: Found): ReleaseName {
  const name = nameOf(found)
  const release = known.get(name) ?? parseReleaseName(name)
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
