import { expect, test } from 'vitest'
import type { Viewer } from '../../../src/domain/clients/viewer.ts'
import { TorrentUsers } from '../../../src/torrents/torrent-users.ts'

const VIEWER: Viewer = { client: 'one', idleSince: undefined, end: () => undefined }

test('the best reason counts, in the order in which they come and go', () => {
  const users = new TorrentUsers()
  expect(users.standing).toBe('idle')
  const guess = users.attend('guess')
  expect([users.standing, users.isGuessed]).toEqual(['guessed', true])
  const download = users.attend('fetch')
  expect([users.standing, users.isAwaited]).toEqual(['wanted', true])
  const lease = users.lease()
  expect([users.standing, users.isUsed]).toEqual(['used', true])
  download[Symbol.dispose]()
  lease[Symbol.dispose]()
  expect(users.standing).toBe('guessed')
  guess[Symbol.dispose]()
  expect([users.standing, users.isUsed, users.isAwaited, users.isGuessed]).toEqual([
    'idle',
    false,
    false,
    false,
  ])
})

test('a hold that is returned twice counts once', () => {
  const users = new TorrentUsers()
  const [one] = [users.attend('fetch'), users.attend('fetch')]
  one[Symbol.dispose]()
  one[Symbol.dispose]()
  expect(users.isAwaited).toBe(true)
})

test('the last use is when the last hold was returned', () => {
  const clock = { now: 1 }
  const users = new TorrentUsers(() => clock.now)
  expect(users.lastUsedAt).toBe(1)
  const holds = [users.lease(), users.attend('guess')]
  for (const hold of holds) {
    clock.now++
    hold[Symbol.dispose]()
    expect(users.lastUsedAt).toBe(clock.now)
  }
})

test('the viewers are known unless a lease has none', () => {
  const users = new TorrentUsers()
  expect(users.viewers).toEqual([])
  using _viewed = users.lease(VIEWER)
  expect(users.viewers).toEqual([VIEWER])
  const other = users.lease()
  expect(users.viewers).toBeUndefined()
  other[Symbol.dispose]()
  expect(users.viewers).toEqual([VIEWER])
})

test.for([
  ['nobody', () => undefined, false],
  ['a lookup', (users: TorrentUsers) => users.lease(), false],
  ['a guess', (users: TorrentUsers) => users.attend('guess'), true],
  [
    'a guess and then a download',
    (users: TorrentUsers) => [users.attend('guess'), users.attend('fetch')],
    false,
  ],
  [
    'a download and then a guess',
    (users: TorrentUsers) => [users.attend('fetch'), users.attend('guess')],
    false,
  ],
  ['a guess and then a viewer', (users: TorrentUsers) => [users.attend('guess'), users.noteWatched()], false],
] as const)('a torrent held by %s is only a guess: %s', ([, hold, expected]) => {
  const users = new TorrentUsers()
  hold(users)
  expect(users.isOnlyGuess).toBe(expected)
})
