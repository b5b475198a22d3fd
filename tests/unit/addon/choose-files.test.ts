import { expect, test } from 'vitest'
import { chooseFiles } from '../../../src/addon/choose-files.ts'
import { videoChoice } from '../../../src/addon/video-choice.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentFile } from '../../../src/domain/bittorrent/metainfo.ts'
import type { Candidate, Found } from '../../../src/domain/list/candidate.ts'
import { torrentCandidate } from '../../support/candidate.ts'

const [A, B] = ['a'.repeat(40) as InfoHash, 'b'.repeat(40) as InfoHash]
const FILES = filesOf('info.nfo', 'Show.S01E01.mkv', 'Show.S01E02.mkv')
const EPISODE = { kind: 'episode', season: 1, episode: 2 } as const

function filesOf(...paths: readonly string[]): TorrentFile[] {
  return paths.map((path, at) => {
    return { path, name: path.split('/').at(-1) ?? '', length: 1_000 + at, offset: 0, isPadding: false }
  })
}

function torrent(infoHash: InfoHash, more: Partial<Candidate> = {}): Candidate {
  return torrentCandidate(infoHash, 'Show.S01.1080p', more)
}

function choose(all: readonly Found[], onDisk?: readonly TorrentFile[]) {
  return chooseFiles(all, EPISODE, async () => onDisk && { name: 'Show.S01', files: onDisk })
}

test('the file of a pack is chosen from the files that a torrent file lists', async () => {
  const { found, choices } = await choose([torrent(A, { files: FILES })])
  expect(found).toMatchObject([
    {
      file: { kind: 'file', fileIdx: 2 },
      fileName: 'Show.S01E02.mkv',
      size: { bytes: 1_002, of: 'file', exact: true },
    },
  ])
  expect(choices.get(A)).toMatchObject({ from: 'source', decision: { kind: 'chosen', index: 2, score: 100 } })
})

test('the file of a pack is chosen from the metadata on our disk', async () => {
  const { found, choices } = await choose([torrent(A)], FILES)
  expect(found).toMatchObject([{ file: { kind: 'file', fileIdx: 2 }, fileName: 'Show.S01E02.mkv' }])
  expect(choices.get(A)?.from).toBe('disk')
})

test('a pack without the episode is left out, with the reason', async () => {
  const { found, refused } = await choose([
    torrent(A, { files: filesOf('Show.S01E01.mkv', 'Show.S01E03.mkv') }),
  ])
  expect(found).toEqual([])
  expect(refused).toMatchObject([{ found: { infoHash: A }, why: 'none of 2 videos is S01E02' }])
})

test('a file that the source names is kept', async () => {
  const { found, choices } = await choose([torrent(A, { file: { kind: 'file', fileIdx: 1 }, files: FILES })])
  expect(found).toMatchObject([{ file: { kind: 'file', fileIdx: 1 }, fileName: 'Show.S01E01.mkv' }])
  expect(choices.size).toBe(0)
})

test('a torrent whose files are unknown stays as it is', async () => {
  const all = [torrent(A, { file: { kind: 'episode', season: 1, episode: 2 } })]
  expect((await choose(all)).found).toEqual(all)
})

test('candidates that turn out to be the same file are listed once, with all trackers and the highest seeder count', async () => {
  const { found } = await choose([
    torrent(A, { files: FILES, seeders: 3, trackers: ['udp://a'], foundBy: ['one'] }),
    torrent(A, { file: { kind: 'file', fileIdx: 2 }, seeders: 9, trackers: ['udp://b'], foundBy: ['two'] }),
    torrent(B, { file: { kind: 'file', fileIdx: 2 } }),
  ])
  expect(found).toMatchObject([
    {
      infoHash: A,
      file: { kind: 'file', fileIdx: 2 },
      seeders: 9,
      trackers: ['udp://a', 'udp://b'],
      foundBy: ['one', 'two'],
    },
    { infoHash: B },
  ])
  expect(found).toHaveLength(2)
})

test('a file that one source names is also taken for a source that knows only the torrent', async () => {
  const { found } = await choose([
    torrent(A, { seeders: 4 }),
    torrent(A, { file: { kind: 'file', fileIdx: 7 }, fileName: 'e2.mkv' }),
  ])
  expect(found).toMatchObject([{ file: { kind: 'file', fileIdx: 7 }, fileName: 'e2.mkv', seeders: 4 }])
  expect(found).toHaveLength(1)
})

test('no file is chosen when sources name different files of one torrent', async () => {
  const all = [
    torrent(A),
    torrent(A, { file: { kind: 'file', fileIdx: 7 } }),
    torrent(A, { file: { kind: 'file', fileIdx: 8 } }),
  ]
  expect((await choose(all)).found).toEqual(all)
})

test.for([
  [1, 5, 5],
  [2, 1, 4],
  [3, 2, undefined],
  [0, 1, undefined],
] as const)('S%d E%d is number %s of the series', ([season, episode, absolute]) => {
  const episodes = new Map(['1:1', '1:2', '1:3', '2:1', '2:2', '0:1'].map((key) => [key, key]))
  if (season === 3) episodes.delete('2:1')
  const choice = videoChoice(
    { kind: 'episode', id: 'tt1', season, episode },
    { name: 'Show', year: 2020, episodes },
  )
  expect(choice).toMatchObject({ kind: 'episode', season, episode, title: 'Show', year: 2020 })
  expect('absolute' in choice ? choice.absolute : undefined).toBe(absolute)
})

test('the file choice has no title when the name of the video is unknown', () => {
  expect(videoChoice({ kind: 'movie', id: 'tt1' }, undefined)).toEqual({ kind: 'movie' })
  expect(videoChoice({ kind: 'episode', id: 'kitsu:1', episode: 5 }, undefined)).toEqual({
    kind: 'episode',
    episode: 5,
  })
})
