import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { ListedTrackers } from '../../../src/streaming/listed-trackers.ts'

const FILM = 'ab'.repeat(20) as InfoHash
const OTHER = 'cd'.repeat(20) as InfoHash

function found(infoHash: InfoHash, ...trackers: string[]): Candidate {
  return { kind: 'torrent', infoHash, trackers } as unknown as Candidate
}

test('trackers of a link that were listed with the torrent are told apart from others', () => {
  const listed = new ListedTrackers()
  listed.note([found(FILM, 'udp://a:1', 'udp://b:1'), found(OTHER, 'udp://c:1')])
  const link = ['udp://b:1', 'udp://c:1', 'udp://x:1']
  expect(listed.sort(FILM, link)).toEqual({ listed: ['udp://b:1'], others: ['udp://c:1', 'udp://x:1'] })
  expect(listed.sort('ef'.repeat(20) as InfoHash, link)).toEqual({ listed: [], others: link })
})

test('trackers of a private torrent come from the list, never from the link', () => {
  const listed = new ListedTrackers()
  listed.note([{ ...found(FILM, 'https://t:1/?passkey=1'), isPrivate: true }])
  expect(listed.sort(FILM, ['udp://x:1'])).toEqual({ listed: ['https://t:1/?passkey=1'], others: [] })
  expect(listed.sort(FILM, [])).toEqual({ listed: ['https://t:1/?passkey=1'], others: [] })
})

test('a later list adds trackers to an earlier one, up to 20, the latest first', () => {
  const listed = new ListedTrackers()
  const many = Array.from({ length: 20 }, (_, index) => `udp://t${index}:1`)
  listed.note([found(FILM, 'udp://a:1')])
  listed.note([found(FILM, 'udp://b:1')])
  expect(listed.sort(FILM, ['udp://a:1', 'udp://b:1']).others).toEqual([])
  listed.note([found(FILM, ...many)])
  expect(listed.sort(FILM, ['udp://a:1', ...many])).toEqual({ listed: many, others: ['udp://a:1'] })
})

test('stored trackers are bounded by number of torrents and by letters', () => {
  const listed = new ListedTrackers()
  const hash = (index: number) => index.toString(16).padStart(40, '0') as InfoHash
  for (let index = 0; index < 5_001; index++) listed.note([found(hash(index), 'udp://a:1')])
  expect(listed.sort(hash(0), ['udp://a:1']).listed).toEqual([])
  expect(listed.sort(hash(1), ['udp://a:1']).listed).toEqual(['udp://a:1'])

  const long = `udp://a:1/${'x'.repeat(1024 * 1024)}`
  for (let index = 0; index < 5; index++) listed.note([found(hash(index), long)])
  const kept = [0, 1, 2, 3, 4].filter((index) => listed.sort(hash(index), [long]).listed.length > 0)
  expect(kept).toEqual([2, 3, 4])
})
