import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import type { Guess, Why } from '../../../src/downloads/guesses.ts'
import { createPredownloads } from '../../../src/downloads/predownloads.ts'
import type { Contents } from '../../../src/storage/contents.ts'

const INFO_HASH = 'a'.repeat(40) as InfoHash
const FIRST: Candidate = {
  ...{ kind: 'torrent', infoHash: INFO_HASH, title: 'Film', trackers: ['udp://tracker.example:1'] },
  file: { kind: 'file', fileIdx: 3 },
}
const LIST = { video: { kind: 'movie', id: 'tt1' }, found: [FIRST], client: 'phone' } as const
/** A hand-off: the viewer plays the file, and is nearly through. */
const READING = { infoHash: INFO_HASH, fileIdx: 0, client: 'phone', size: 1000 }

function start(kinds: readonly Why[], { isComplete = false } = {}) {
  const added: Guess[] = []
  const noted: string[] = []
  const file = { name: 'Film.mkv', path: '', size: 1000, bytesThere: 1000, wholeMtimeMs: 1 }
  const contents = { files: isComplete ? { 0: file } : {} } as Contents
  const predownloads = createPredownloads(kinds, {
    guesses: { add: (guess) => void added.push(guess) },
    nextEpisode: {
      noteList: () => void noted.push('list'),
      propose: ({ fileIdx }) => void noted.push(`next of ${fileIdx}`),
    },
    index: { find: () => contents },
  })
  return { ...predownloads, added, noted }
}

test('"first" proposes the first torrent of a list for the device', () => {
  const { noteList, follow, added, noted } = start(['first'])
  noteList({ ...LIST, delivery: 'proxy' })
  const { infoHash, trackers, file: choice } = FIRST
  expect(added).toEqual([{ infoHash, trackers, choice, why: 'first', whom: 'phone' }])
  expect([noted, follow]).toEqual([[], undefined])
})

test('an empty list, and one for a device that fetches torrents itself, propose nothing', () => {
  const { noteList, added, noted } = start(['first', 'next', 'all'])
  noteList({ ...LIST, delivery: 'magnet' })
  expect(noted).toEqual([])
  noteList({ ...LIST, found: [], delivery: 'proxy' })
  expect([added, noted]).toEqual([[], ['list']])
})

test('"next" proposes what follows a file that is nearly over, and nothing else', () => {
  const { follow, noteList, added, noted } = start(['next'])
  noteList({ ...LIST, delivery: 'both' })
  follow?.(READING)
  expect([added, noted]).toEqual([[], ['list', 'next of 0']])
})

test.for([
  [
    false,
    [
      {
        infoHash: INFO_HASH,
        trackers: [],
        choice: { kind: 'file', fileIdx: 0 },
        why: 'all',
        whom: `${INFO_HASH}/0`,
      },
    ],
  ],
  [true, []],
] as const)(
  '"all" proposes the file that is watched, unless it is complete (%s)',
  ([isComplete, expected]) => {
    const { follow, added, noted } = start(['all'], { isComplete })
    follow?.(READING)
    expect([added, noted]).toEqual([expected, []])
  },
)

test('without a kind nothing is proposed, and reads are not followed', () => {
  const { noteList, follow, added, noted } = start([])
  noteList({ ...LIST, delivery: 'proxy' })
  expect([added, noted, follow]).toEqual([[], [], undefined])
})
