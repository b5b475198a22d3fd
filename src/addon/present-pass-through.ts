import type { PassThroughStream } from '../domain/list/candidate.ts'
import type { StremioStream } from './present-stream.ts'
import { streamFileName } from './stream-file-name.ts'

/**
 * Formats another addon's stream as that addon did, for every device alike. If it has no file name it gets one:
 * otherwise clients send the last segment of the link to subtitle services, and it may contain a key.
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
