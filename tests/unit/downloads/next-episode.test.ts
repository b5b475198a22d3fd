import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { type VideoId, writeVideoId } from '../../../src/domain/video-id.ts'
import type { Guess } from '../../../src/downloads/guesses.ts'
import { NextEpisode } from '../../../src/downloads/proposers/next-episode.ts'
import { recordingLog } from '../../support/recording-log.ts'

const CURRENT = 'a'.repeat(40) as InfoHash
const READING = { infoHash: CURRENT, fileIdx: 0, client: 'phone', size: 1000 }

function infoOf(...names: string[]): TorrentInfo {
  return {
    ...{ name: 'Show', pieceLength: 16_384, length: 1000 * names.length, pieceCount: 1, isPrivate: false },
    pieceHashes: new Uint8Array(20),
    files: names.map((name, at) => ({ path: name, name, length: 1000, offset: 1000 * at, isPadding: false })),
  }
}

function candidateOf(letter: string, quality: string): Candidate {
  return {
    ...{ kind: 'torrent', infoHash: letter.repeat(40) as InfoHash, title: 'Show', trackers: [] },
    ...{ quality, file: { kind: 'file', fileIdx: 0 } },
  }
}

function episode(number: number): VideoId {
  return { kind: 'episode', id: 'tt9', season: 1, episode: number }
}

/** @param lists - what the search finds, by the id of the video */
function startNextEpisode(info: TorrentInfo | undefined, lists: Readonly<Record<string, Candidate[]>> = {}) {
  const { log, events } = recordingLog()
  const proposed: Guess[] = []
  const searched: string[] = []
  const signals: AbortSignal[] = []
  const next = new NextEpisode({
    guesses: { add: (guess) => void proposed.push(guess) },
    torrents: { infoOf: async () => info },
    search: {
      async find(video, signal) {
        searched.push(writeVideoId(video))
        signals.push(signal)
        return { candidates: lists[writeVideoId(video)] ?? [], report: [] }
      },
    },
    log,
  })
  const note = (number: number, ...found: Candidate[]) =>
    next.noteList({ video: episode(number), found, delivery: 'proxy', client: 'phone' })
  const propose = async () => {
    next.propose(READING)
    await new Promise((resolve) => setImmediate(resolve))
    return proposed.map(({ infoHash, choice }) => [infoHash.slice(0, 1), choice])
  }
  return { next, note, propose, proposed, searched, signals, events }
}

test('the next file of the same pack is proposed, to be completed behind the current one', async () => {
  const { propose, proposed, searched } = startNextEpisode(infoOf('Show.S01E01.mkv', 'Show.S01E02.mkv'))
  await propose()
  expect(proposed).toEqual([
    {
      ...{ infoHash: CURRENT, trackers: [], choice: { kind: 'file', fileIdx: 1 } },
      ...{ why: 'next', whom: 'phone', behind: { infoHash: CURRENT, fileIdx: 0 } },
    },
  ])
  expect(searched).toEqual([])
})

test('the entry of the same group is proposed from the list of the next episode', async () => {
  const lists = { 'tt9:1:2': [candidateOf('b', '720p'), candidateOf('c', '1080p')] }
  const { note, propose } = startNextEpisode(infoOf('Show.S01E01.mkv'), lists)
  note(1, candidateOf('a', '1080p'))
  expect(await propose()).toEqual([['c', { kind: 'file', fileIdx: 0 }]])
})

test('the next season is searched when no source has the next episode', async () => {
  const lists = { 'tt9:2:1': [candidateOf('d', '1080p')] }
  const { note, propose, searched } = startNextEpisode(infoOf('Show.S01E01.mkv'), lists)
  note(1, candidateOf('a', '1080p'))
  expect(await propose()).toEqual([['d', { kind: 'file', fileIdx: 0 }]])
  expect(searched).toEqual(['tt9:1:2', 'tt9:2:1'])
})

test('nothing is proposed when the next episode has no entry of the same group', async () => {
  const lists = { 'tt9:1:2': [candidateOf('b', '720p')], 'tt9:2:1': [candidateOf('d', '1080p')] }
  const { note, propose, searched } = startNextEpisode(infoOf('Show.S01E01.mkv'), lists)
  note(1, candidateOf('a', '1080p'))
  expect(await propose()).toEqual([])
  expect(searched).toEqual(['tt9:1:2'])
})

test('nothing is proposed for an unknown video, and the log says why', async () => {
  const { propose, events } = startNextEpisode(infoOf('video.mkv'))
  expect(await propose()).toEqual([])
  expect(events.debug).toEqual([
    ['no next episode', { infoHash: CURRENT, fileIdx: 0, reason: 'unknown episode' }],
  ])
})

test('nothing is proposed while the metadata is not known', async () => {
  const { propose, events } = startNextEpisode(undefined)
  expect(await propose()).toEqual([])
  expect(events.debug).toEqual([])
})

test('closing it ends its searches', async () => {
  const { next, note, propose, signals } = startNextEpisode(infoOf('Show.S01E01.mkv'))
  note(1, candidateOf('a', '1080p'))
  await propose()
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false])
  next[Symbol.dispose]()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
})
