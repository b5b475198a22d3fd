import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import { type Candidate, type Found, mergeCandidates } from '../../../../src/domain/list/candidate.ts'

const A = 'a'.repeat(40) as InfoHash
const B = 'b'.repeat(40) as InfoHash

function candidate(infoHash: InfoHash, more: Partial<Candidate> = {}): Candidate {
  return { kind: 'torrent', infoHash, title: 'Film', trackers: [], bingeKey: 'film', ...more }
}

test('the same file of the same torrent is listed once, with the trackers of both candidates', () => {
  const merged = mergeCandidates([
    candidate(A, { fileIdx: 1, title: 'First', trackers: ['udp://a', 'udp://b'] }),
    candidate(A, { fileIdx: 1, title: 'Second', trackers: ['udp://b', 'udp://c'] }),
  ])
  expect(merged).toEqual([
    candidate(A, { fileIdx: 1, title: 'First', trackers: ['udp://a', 'udp://b', 'udp://c'] }),
  ])
})

test('merging fills in what the first candidate does not know', () => {
  const [merged] = mergeCandidates([
    candidate(A, { quality: '1080p' }),
    candidate(A, { quality: '720p', sizeBytes: 5, fileName: 'film.mkv' }),
  ])
  expect(merged).toMatchObject({ quality: '1080p', sizeBytes: 5, fileName: 'film.mkv' })
})

test('other files, other torrents and an unknown file are listed separately', () => {
  const all = [candidate(A), candidate(A, { fileIdx: 0 }), candidate(A, { fileIdx: 1 }), candidate(B)]
  expect(mergeCandidates(all)).toEqual(all)
})

test('merging keeps the order in which candidates were found', () => {
  const merged = mergeCandidates([candidate(B), candidate(A), candidate(B)])
  expect(merged.map(({ infoHash }) => infoHash)).toEqual([B, A])
})

test('a tracker that one source names twice is listed once', () => {
  expect(mergeCandidates([candidate(A, { trackers: ['udp://a', 'udp://a'] })])[0]?.trackers).toEqual([
    'udp://a',
  ])
})

test('merging keeps the highest seeder count and names every source', () => {
  const [merged] = mergeCandidates([
    candidate(A, { seeders: 3, foundBy: ['one'] }),
    candidate(A, { foundBy: ['two'] }),
    candidate(A, { seeders: 12, foundBy: ['one'] }),
    candidate(A, { seeders: 0 }),
  ])
  expect(merged).toMatchObject({ seeders: 12, foundBy: ['one', 'two'] })
})

test('the same link is listed once, and never merged with a torrent', () => {
  const link = {
    kind: 'pass-through',
    url: 'https://a.org/1',
    title: 'Link',
    upstream: { hints: {} },
    subtitles: [],
  } as const
  const all: Found[] = [link, candidate(A), { ...link, title: 'Again' }, { ...link, url: 'https://a.org/2' }]
  expect(mergeCandidates(all)).toEqual([link, candidate(A), { ...link, url: 'https://a.org/2' }])
})

test('merging nothing gives nothing', () => {
  expect(mergeCandidates([])).toEqual([])
})
