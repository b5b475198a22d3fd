import type { ListedTorrent } from './listing.ts'

/**
 * What Stremio finds the next episode by: the same for all those that a viewer would want one after the other. Those of
 * one pack, else those of one quality by one group. It is made of what the torrent itself is called, so that it does not
 * depend on which of the sources answered in time.
 *
 * @param way - how it reaches the device; one that plays links must not go on with a torrent
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/stream.md
 */
export function bingeGroupOf(listed: ListedTorrent, way: 'magnet' | 'proxy'): string {
  return ['self-streme', ...kindOf(listed), way].join('|')
}

function kindOf({ found, release, quality, isPack }: ListedTorrent): readonly string[] {
  if (found.bingeKey !== undefined) return [found.bingeKey]
  if (isPack) return [found.infoHash]
  const { source = '', group = '' } = release
  const facts = [source, quality ?? '', group]
  if (facts.some((fact) => fact !== '')) return facts
  return [found.upstream?.hints.bingeGroup ?? found.infoHash]
}
