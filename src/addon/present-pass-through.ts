import type { PassThroughStream } from '../domain/candidate.ts'
import type { StremioStream } from './present-stream.ts'

/** Writes another addon's stream the way that addon did: it is the same for every device. */
export function presentPassThrough({ url, title, upstream, subtitles }: PassThroughStream): StremioStream {
  const { name = 'self-streme Link', description = title, hints } = upstream
  return {
    name,
    description,
    url,
    behaviorHints: hints,
    ...(subtitles.length > 0 ? { subtitles } : {}),
  }
}
