import { setTimeout as sleep } from 'node:timers/promises'
import type { UpstreamAddon } from './upstream-addon.ts'

/** Types and id prefixes, as in Stremio's manifests. */
export interface StreamIds {
  readonly types: readonly string[]
  readonly idPrefixes: readonly string[]
}

export type DeclaredIds = () => Promise<StreamIds>

/** Prefixes of Stremio's catalogues of anime and films; other ids are the business of other addons. */
const KNOWN_PREFIXES = ['kitsu:', 'mal:', 'anilist:', 'anidb:', 'tmdb:']
const KNOWN_TYPES = ['anime']
/** Installing the addon waits this long. A slower addon's ids are included the next time. */
const PATIENCE_MS = 1_500

/** Ids that other addons announce streams for, beyond IMDb's. */
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
