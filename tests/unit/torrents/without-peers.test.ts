import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { WithoutPeers } from '../../../src/torrents/without-peers.ts'

const FILM = 'ab'.repeat(20) as InfoHash
const OTHER = 'cd'.repeat(20) as InfoHash
const ASKED = ['udp://a.org:1', 'https://b.org/announce']

/** That many ms after a wait without peers ended. */
function after(ms: number) {
  let now = 5_000
  const torrents = new WithoutPeers(() => now)
  torrents.note(FILM, ASKED)
  now += ms
  return torrents
}

test.for([
  [0, true, 0],
  [29_999, true, 29_999],
  [30_000, false, 30_000],
  [599_999, false, 599_999],
  [600_000, false, undefined],
] as const)(
  '%i ms after a wait without peers, another wait is useless: %s; lists show: %s',
  ([ms, isOfNoUse, since]) => {
    const torrents = after(ms)
    expect([torrents.isOfNoUse(FILM, ASKED), torrents.sinceMs(FILM)]).toEqual([isOfNoUse, since])
    expect([torrents.isOfNoUse(OTHER, ASKED), torrents.sinceMs(OTHER)]).toEqual([false, undefined])
  },
)

test.for<readonly [string, readonly string[], boolean]>([
  ['the same trackers', ASKED.toReversed(), true],
  ['fewer', ASKED.slice(1), true],
  ['none', [], true],
  ['one more', [...ASKED, 'udp://new.org:1'], false],
  ['others', ['udp://new.org:1'], false],
])('with %s as trackers, another wait is useless: %s', ([, trackers, isOfNoUse]) => {
  expect(after(1_000).isOfNoUse(FILM, trackers)).toBe(isOfNoUse)
})

test('a torrent stops being without peers when a peer is found, and by nothing else', () => {
  const torrents = after(1_000)
  torrents.forget(OTHER)
  expect(torrents.isOfNoUse(FILM, ASKED)).toBe(true)
  torrents.forget(FILM)
  expect([torrents.isOfNoUse(FILM, ASKED), torrents.sinceMs(FILM)]).toEqual([false, undefined])
})

test('stored torrents are bounded by number and by letters, and the latest stay', () => {
  const torrents = new WithoutPeers()
  const hash = (index: number) => index.toString(16).padStart(40, '0') as InfoHash
  const known = () => Array.from({ length: 5_000 }, (_, index) => hash(index)).filter(isKnown)
  const isKnown = (infoHash: InfoHash) => torrents.sinceMs(infoHash) !== undefined
  for (let index = 0; index < 5_000; index++) torrents.note(hash(index), ASKED)
  expect([known().length, known().at(0)]).toEqual([1_000, hash(4_000)])
  for (let index = 0; index < 100; index++) torrents.note(hash(index), ['x'.repeat(100_000)])
  expect(known().length).toBeLessThan(20)
  expect(isKnown(hash(99))).toBe(true)
})
