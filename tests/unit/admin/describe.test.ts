import { expect, test } from 'vitest'
import { type Circumstances, describe } from '../../../src/admin/describe.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entries.ts'
import type { Activity } from '../../../src/torrents/fetch-ahead.ts'

const SIZE = 1_000_000
const QUIET: Activity = {
  isInSwarm: true,
  isFetching: false,
  wanted: new Set(),
  peers: 3,
  seeders: 1,
  downloadSpeed: 200,
}
const COMES: Activity = { ...QUIET, isFetching: true, wanted: new Set([0]) }

/** A torrent of one film. @param share - its part on disk; `undefined` while the metadata is not known */
function entry(share: number | undefined): CacheEntry {
  const file = { name: 'Film.mkv', path: '/films/Film.mkv', size: SIZE, bytesThere: SIZE * (share ?? 0) }
  const contents = {
    infoHash: 'a'.repeat(40) as InfoHash,
    directory: '/films',
    name: 'Film',
    length: share === undefined ? 0 : SIZE,
    bytesOnDisk: file.bytesThere,
    files: share === undefined ? {} : { 0: share === 1 ? { ...file, wholeMtimeMs: 1 } : file },
  }
  return { contents, usage: newUsage('watched', 0) }
}

test.for<readonly [string, number | undefined, Omit<Circumstances, 'isWatched'>, string, number?]>([
  ['whose viewer has left, with peers connected', 0.25, { activity: QUIET }, 'partial'],
  ['whose viewer has left, without peers', 0.25, { activity: { ...QUIET, peers: 0 } }, 'partial'],
  ['that is shared with others as far as it is there', 0.75, { activity: QUIET }, 'partial'],
  ['that is not in the swarm', 0.25, {}, 'partial'],
  ['that is queued', 0.25, { activity: QUIET, progress: { state: 'queued' } }, 'queued'],
  ['that a viewer watches', 0.25, { activity: COMES }, 'fetching', 3_750],
  ['that is fetched ahead', 0.5, { activity: COMES, progress: { state: 'fetching' } }, 'fetching', 2_500],
  ['that is fetched at no speed yet', 0.5, { activity: { ...COMES, downloadSpeed: 0 } }, 'fetching'],
  ['that is watched, without a peer', 0.25, { activity: { ...COMES, peers: 0 } }, 'looking'],
  ['without metadata, that is watched', undefined, { activity: COMES }, 'looking'],
  ['without metadata, whose viewer has left', undefined, { activity: QUIET }, 'partial'],
  ['that is complete', 1, { activity: QUIET }, 'whole'],
])('the state of a film %s', ([, share, circumstances, state, etaSeconds]) => {
  const described = describe(entry(share), { isWatched: false, ...circumstances }, 0)
  expect([described.state, described.etaSeconds]).toEqual([state, etaSeconds])
  expect(described.downloadSpeed).toBe(circumstances.activity?.downloadSpeed ?? 0)
})
