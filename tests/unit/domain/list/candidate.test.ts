import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import {
  type Candidate,
  type Found,
  mergeCandidates,
  type StatedSize,
} from '../../../../src/domain/list/candidate.ts'

const A = 'a'.repeat(40) as InfoHash
const B = 'b'.repeat(40) as InfoHash
const EXACT: StatedSize = { bytes: 5, of: 'file', exact: true }
const ROUGH: StatedSize = { bytes: 4, of: 'file', exact: false }
const TORRENT: StatedSize = { bytes: 50, of: 'torrent', exact: true }

function candidate(infoHash: InfoHash, more: Partial<Candidate> = {}): Candidate {
  return {
    kind: 'torrent',
    infoHash,
    title: 'Film',
    file: { kind: 'main' },
    trackers: [],
    bingeKey: 'film',
    ...more,
  }
}

test('the same file of the same torrent is listed once, with the trackers of both candidates', () => {
  const merged = mergeCandidates([
    candidate(A, { file: { kind: 'file', fileIdx: 1 }, title: 'First', trackers: ['udp://a', 'udp://b'] }),
    candidate(A, { file: { kind: 'file', fileIdx: 1 }, title: 'Second', trackers: ['udp://b', 'udp://c'] }),
  ])
  expect(merged).toEqual([
    candidate(A, {
      file: { kind: 'file', fileIdx: 1 },
      title: 'First',
      trackers: ['udp://a', 'udp://b', 'udp://c'],
    }),
  ])
})

test('merging fills in what the first candidate does not know', () => {
  const [merged] = mergeCandidates([
    candidate(A, { quality: '1080p' }),
    candidate(A, { quality: '720p', size: { bytes: 5, of: 'file', exact: true }, fileName: 'film.mkv' }),
  ])
  expect(merged).toMatchObject({
    quality: '1080p',
    size: { bytes: 5, of: 'file', exact: true },
    fileName: 'film.mkv',
  })
})

test.for<readonly [string, ...(readonly [StatedSize | undefined, StatedSize | undefined, StatedSize])]>([
  ['an exact size of the file, after a rounded one', ROUGH, EXACT, EXACT],
  ['an exact size of the file, before a rounded one', EXACT, ROUGH, EXACT],
  ['a rounded size of the file, after one of the torrent', TORRENT, ROUGH, ROUGH],
  ['a rounded size of the file, before one of the torrent', ROUGH, TORRENT, ROUGH],
  ['the only size, found second', undefined, TORRENT, TORRENT],
  ['the only size, found first', TORRENT, undefined, TORRENT],
  ['the first of two', EXACT, { ...EXACT, bytes: 9 }, EXACT],
])('merging keeps %s', ([, first, next, kept]) => {
  const sized = (size?: StatedSize) => candidate(A, size ? { size } : {})
  expect(mergeCandidates([sized(first), sized(next)])[0]?.size).toEqual(kept)
})

test('merging keeps the episode when another source names only the torrent', () => {
  const file = { kind: 'episode', season: 1, episode: 2 } as const
  for (const all of [
    [candidate(A), candidate(A, { file })],
    [candidate(A, { file }), candidate(A)],
  ])
    expect(mergeCandidates(all)).toEqual([candidate(A, { file })])
})

test('other files, other torrents and an unknown file are listed separately', () => {
  const all = [
    candidate(A),
    candidate(A, { file: { kind: 'file', fileIdx: 0 } }),
    candidate(A, { file: { kind: 'file', fileIdx: 1 } }),
    candidate(B),
  ]
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
