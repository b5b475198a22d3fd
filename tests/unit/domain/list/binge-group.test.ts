import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import { bingeGroupOf } from '../../../../src/domain/list/binge-group.ts'
import type { Candidate } from '../../../../src/domain/list/candidate.ts'
import { describe } from '../../../../src/domain/list/listing.ts'

const [A, B] = ['a'.repeat(40) as InfoHash, 'b'.repeat(40) as InfoHash]

function groupOf(infoHash: InfoHash, releaseName: string, more: Partial<Candidate> = {}, way = 'proxy') {
  const candidate: Candidate = {
    kind: 'torrent',
    file: { kind: 'main' },
    infoHash,
    title: releaseName,
    releaseName,
    trackers: [],
    ...more,
  }
  return bingeGroupOf(describe(candidate), way as 'proxy')
}

test('two episodes of one release group in one quality have the same binge group', () => {
  const [first, second] = [
    groupOf(A, 'Show.S01E01.The.Start.1080p.WEB-DL.DDP5.1.H.264-GRP', { seeders: 5 }),
    groupOf(B, 'Show.S01E02.1080p.WEB-DL.H.264-GRP', { file: { kind: 'file', fileIdx: 0 } }),
  ]
  expect(first).toBe('self-streme|WEB-DL|1080p|GRP|proxy')
  expect(second).toBe(first)
})

test.for([
  'Show.S01E02.720p.WEB-DL.H.264-GRP',
  'Show.S01E02.1080p.BluRay.H.264-GRP',
  'Show.S01E02.1080p.WEB-DL.H.264-OTHER',
  'Show.S01.1080p.WEB-DL.H.264-GRP',
])('%s has a different binge group', (name) => {
  expect(groupOf(B, name)).not.toBe(groupOf(A, 'Show.S01E01.1080p.WEB-DL.H.264-GRP'))
})

test('the episodes of one pack have the same binge group, whatever is known of them', () => {
  const named = groupOf(A, 'Show.S01.1080p.WEB-DL-GRP', {
    file: { kind: 'file', fileIdx: 3 },
    fileName: 'Show.S01E01.mkv',
  })
  expect(named).toBe(`self-streme|${A}|proxy`)
  expect(groupOf(A, 'Show.S01.1080p.WEB-DL-GRP', { file: { kind: 'episode', season: 1, episode: 2 } })).toBe(
    named,
  )
  expect(groupOf(B, 'Show.S01.1080p.WEB-DL-GRP')).not.toBe(named)
})

test('the binge group does not depend on which source answered', () => {
  const upstream = { hints: { bingeGroup: 'other|1080p' } }
  expect(groupOf(A, 'Show.S01E01.1080p-GRP', { upstream, foundBy: ['other'] })).toBe(
    groupOf(A, 'Show.S01E01.1080p-GRP'),
  )
})

test("where the name says nothing, the other addon's binge group is used, else one of the torrent alone", () => {
  const upstream = { hints: { bingeGroup: 'other|1080p' } }
  expect(groupOf(A, 'Show episode', { upstream })).toBe(groupOf(B, 'Show another', { upstream }))
  expect(groupOf(A, 'Show episode')).not.toBe(groupOf(B, 'Show another'))
})

test('candidates with the same key of their source have the same binge group', () => {
  expect(groupOf(A, 'x.720p', { bingeKey: 'tt1|' })).toBe(groupOf(B, 'y.1080p', { bingeKey: 'tt1|' }))
})

test('links and torrents of one pack have different binge groups', () => {
  expect(groupOf(A, 'Show.S01.1080p', {}, 'magnet')).not.toBe(groupOf(A, 'Show.S01.1080p'))
})
