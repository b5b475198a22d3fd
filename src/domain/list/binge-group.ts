import type { ListedTorrent } from './listing.ts'

/**
 * The group by which Stremio finds the next episode: equal for streams that a viewer would watch in a row. Those of one
 * pack, else those of one quality by one group. It is made of the torrent's own names, so that it does not depend on
 * which sources answered in time.
 *
 * @param way - how it reaches the device; a device that plays links must not go on with a torrent
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
