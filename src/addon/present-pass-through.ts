import type { PassThroughStream } from '../domain/list/candidate.ts'
import type { StremioStream } from './present-stream.ts'
import { streamFileName } from './stream-file-name.ts'

/**
 * Writes another addon's stream the way that addon did: it is the same for every device. One without a file name gets
 * one, as clients would send the last part of the link to subtitle services, and a key may be in it.
 */
export function presentPassThrough(found: PassThroughStream): StremioStream {
  const { url, title, upstream, subtitles } = found
  const { name = 'self-streme Link', description = title, hints } = upstream
  return {
    name,
    description,
    url,
    behaviorHints: { ...hints, filename: hints.filename ?? streamFileName(found, undefined) },
    ...(subtitles.length > 0 ? { subtitles } : {}),
  }
}
