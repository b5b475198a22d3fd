import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { parseStreamAddress, writeStreamAddress } from '../../../src/domain/stream-address.ts'

const HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c' as InfoHash
const TRACKERS = ['udp://a.org:1', 'http://b.org/announce?key=1&x=2']

const CHOICES = [
  ['s1e2', { kind: 'episode', season: 1, episode: 2 }],
  ['s0e0', { kind: 'episode', season: 0, episode: 0 }],
  ['s12e1034', { kind: 'episode', season: 12, episode: 1034 }],
  ['e5', { kind: 'episode', episode: 5 }],
  ['0', { kind: 'file', fileIdx: 0 }],
  ['17', { kind: 'file', fileIdx: 17 }],
  ['main', { kind: 'main' }],
] as const
const NAMES = ['Show.S01E02.mkv', 'a=b & c?d#e/f%.mkv', '日本語.mkv', '..']

test.for(CHOICES)('%s in a stream address means %j', ([which, choice]) => {
  for (const name of NAMES) {
    const address = { infoHash: HASH, choice, name, trackers: TRACKERS, isPrivate: false }
    const url = writeStreamAddress(address)
    expect(url.split('/')[2]).toBe(which)
    expect(parseStreamAddress(url)).toEqual(address)
  }
})

test.for(CHOICES)('a stream address with %s that is cut at any = or & means the same video', ([, choice]) => {
  for (const name of NAMES)
    for (const isPrivate of [false, true]) {
      const url = writeStreamAddress({ infoHash: HASH, choice, name, trackers: TRACKERS, isPrivate })
      const cuts = [...url].flatMap((letter, at) =>
        '=&'.includes(letter) ? [url.slice(0, at), url.slice(0, at + 1)] : [],
      )
      expect(cuts.length).toBeGreaterThanOrEqual(isPrivate ? 2 : 6)
      for (const cut of cuts) {
        const read = parseStreamAddress(cut)
        expect([read.infoHash, read.choice, read.name, read.isPrivate], cut).toEqual([
          HASH,
          choice,
          name,
          isPrivate,
        ])
      }
    }
})

test.for([
  ['/S01E02/x.mkv', { kind: 'episode', season: 1, episode: 2 }],
  ['/E07', { kind: 'episode', episode: 7 }],
  ['/MAIN/x.mkv', { kind: 'main' }],
  ['', { kind: 'main' }],
  ['/', { kind: 'main' }],
  ['?season=1&episode=2', { kind: 'episode', season: 1, episode: 2 }],
  ['?season=1&episode=2&tr=udp%3A%2F%2Fa.org%3A1', { kind: 'episode', season: 1, episode: 2 }],
  ['?tr=udp%3A%2F%2Fa.org%3A1&season=1&episode=2', { kind: 'episode', season: 1, episode: 2 }],
  ['?episode=12', { kind: 'episode', episode: 12 }],
  // What the path says has priority.
  ['/s3e4/x.mkv?season=1&episode=2', { kind: 'episode', season: 3, episode: 4 }],
  ['/4/x.mkv?season=1&episode=2', { kind: 'file', fileIdx: 4 }],
  // Addresses of an earlier version, cut by a player.
  ['?tr', { kind: 'only' }],
  ['?tr=', { kind: 'only' }],
  ['?tr=udp%3A%2F%2Fa.org%3A1', { kind: 'only' }],
  ['/?tr', { kind: 'only' }],
  ['?private', { kind: 'only' }],
] as const)('"%s" after the info hash means %j', ([rest, choice]) => {
  expect(parseStreamAddress(`/${HASH}${rest}`).choice).toEqual(choice)
})

test.for([
  ['/x1', /"x1" is not a file/],
  ['/s1', /"s1" is not a file/],
  ['/s1e', /"s1e" is not a file/],
  ['/s1e2e3', /"s1e2e3" is not a file/],
  ['/-1', /"-1" is not a file/],
  ['/1234567890', /is not a file/],
  ['/s1e1234567', /is not a file/],
  ['?season', /"" is not a valid season number/],
  ['?season=1', /season given without episode/],
  ['?season=1&episode', /"" is not a valid episode number/],
  ['?tr=x&episode=two', /"two" is not a valid episode number/],
] as const)('"%s" after the info hash is refused', ([rest, words]) => {
  expect(() => parseStreamAddress(`/${HASH}${rest}`)).toThrow(words)
})
