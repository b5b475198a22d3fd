import { setTimeout as sleep } from 'node:timers/promises'
import type { UpstreamAddon } from './upstream-addon.ts'

/** Types and beginnings of ids, as Stremio's manifests name them. */
export interface StreamIds {
  readonly types: readonly string[]
  readonly idPrefixes: readonly string[]
}

export type DeclaredIds = () => Promise<StreamIds>

/** What Stremio's catalogues of anime and films call theirs; whoever asks for another id asks another addon. */
const KNOWN_PREFIXES = ['kitsu:', 'mal:', 'anilist:', 'anidb:', 'tmdb:']
const KNOWN_TYPES = ['anime']
/** Whoever installs the addon waits for this. One that is slower is known the next time. */
const PATIENCE_MS = 1_500

/** What other addons say they know streams for, beyond what every addon does. */
export function declaredIds(addons: readonly Pick<UpstreamAddon, 'resources'>[]): DeclaredIds {
  return async () => {
    const resources = await Promise.all(
      addons.map((addon) =>
        Promise.race([addon.resources().catch(() => []), sleep(PATIENCE_MS, [], { ref: false })]),
      ),
    )
    const streams = resources.flat()
    const types = new Set(streams.flatMap((each) => each.types))
    const prefixes = new Set(streams.flatMap((each) => each.idPrefixes ?? []))
    return {
      types: KNOWN_TYPES.filter((type) => types.has(type)),
      idPrefixes: KNOWN_PREFIXES.filter((known) =>
        // `kitsu` and `kitsu:` mean the same.
        [...prefixes].some((prefix) => known === prefix || known === `${prefix}:`),
      ),
    }
  }
}
