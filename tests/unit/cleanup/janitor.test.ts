import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Janitor, type Remover } from '../../../src/cleanup/janitor.ts'
import { DiskRoom } from '../../../src/disk/disk-room.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage, type Usage } from '../../../src/domain/usage.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entries.ts'
import { recordingLog } from '../../support/recording-log.ts'

const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [
  InfoHash,
  InfoHash,
  InfoHash,
]
const LONG_AGO = 1_000
const FILM = { directory: '/films/film', name: 'Film', length: 10, bytesOnDisk: 10, files: {} }

/** A janitor over three idle films; while it removes the first of them, `meanwhile` happens. */
function janitorOver(usages: Partial<Record<InfoHash, Partial<Usage>>>, meanwhile: Partial<Usage>) {
  const entries = new Map<InfoHash, CacheEntry>()
  for (const infoHash of [FIRST, SECOND, THIRD]) {
    const usage = { ...newUsage('watched', LONG_AGO), lastReadAt: LONG_AGO, ...usages[infoHash] }
    entries.set(infoHash, { contents: { ...FILM, infoHash }, usage })
  }
  const removed: InfoHash[] = []
  const torrents: Remover = {
    isUsed: () => false,
    isAwaited: () => false,
    isGuessed: () => false,
    measure: async () => undefined,
    async remove(infoHashes, isKept) {
      for (const infoHash of infoHashes) {
        if (isKept(infoHash)) continue
        removed.push(infoHash)
        entries.delete(infoHash)
        const second = entries.get(SECOND)
        if (second) entries.set(SECOND, { ...second, usage: { ...second.usage, ...meanwhile } })
      }
      return { removed: removed.length, freedBytes: 0 }
    },
  }
  const index = { entries: () => [...entries.values()], get: (infoHash: InfoHash) => entries.get(infoHash) }
  const options = {
    root: '/films',
    idleMs: 1,
    maxBytes: undefined,
    minFreeBytes: 0,
    onShutdown: 'all',
  } as const
  const parts = { index, torrents, room: new DiskRoom(), lock: { isHeld: () => true } }
  return { janitor: new Janitor(options, parts, recordingLog().log), removed }
}

test.for([
  ['pinned', { isPinned: true }],
  ['added by the owner', { wish: 'main' }],
] as const)('a film that is %s while others are removed stays', async ([, meanwhile]) => {
  const { janitor, removed } = janitorOver({}, meanwhile)
  expect(await janitor.cleanup()).toMatchObject({ removed: 2 })
  expect(removed).toEqual([FIRST, THIRD])
  await janitor[Symbol.asyncDispose]()
})

test('on shutdown, films that were being added go as well, and pinned ones stay', async () => {
  const { janitor, removed } = janitorOver({ [FIRST]: { wish: 'main' }, [THIRD]: { isPinned: true } }, {})
  await janitor[Symbol.asyncDispose]()
  expect(removed).toEqual([FIRST, SECOND])
})

/** A janitor over no films; `measure` is the first thing in each of its rounds. */
function janitorOverNothing(measure: () => Promise<void> = async () => undefined) {
  const beganAt: number[] = []
  const torrents: Remover = {
    isUsed: () => false,
    isAwaited: () => false,
    isGuessed: () => false,
    measure: () => {
      beganAt.push(performance.now())
      return measure()
    },
    remove: async () => ({ removed: 0, freedBytes: 0 }),
  }
  const room = new DiskRoom()
  const { log, warnings } = recordingLog()
  const janitor = new Janitor(
    { root: '/films', idleMs: 0, minFreeBytes: 0, onShutdown: 'none' },
    { index: { entries: () => [], get: () => undefined }, torrents, room, lock: { isHeld: () => true } },
    log,
  )
  return { janitor, room, beganAt, warnings }
}

/** More than any disk has. */
const ENDLESS = 1e18

test('a request for space is answered with what the next round of clean-up measures', async () => {
  const { janitor, room } = janitorOverNothing()
  await using _janitor = janitor
  const asked = room.need('/films', 0)
  expect(room.in('/films').bytes).toBe(Number.POSITIVE_INFINITY)
  await asked
  expect(room.in('/films').bytes).toBeLessThan(ENDLESS)
})

test('requests before a round share it, and one during a round gets another', async () => {
  const first = Promise.withResolvers<void>()
  const { janitor, room, beganAt } = janitorOverNothing(() => first.promise)
  await using _janitor = janitor
  const shared = [room.need('/films', 0), room.need('/films', 0)]
  await expect.poll(() => beganAt.length, { interval: 1 }).toBe(1)
  const later = room.need('/films', 0)
  first.resolve()
  await Promise.all([...shared, later])
  expect(beganAt.length).toBe(2)
})

test('while space is short, rounds begin half a second apart, and requests in between share one', async () => {
  const { janitor, room, beganAt } = janitorOverNothing()
  await using _janitor = janitor
  const isRefused = () => expect(room.need('/films', ENDLESS)).rejects.toMatchObject({ code: 'disk.full' })
  await isRefused()
  const second = isRefused()
  await nextTurn()
  await Promise.all([second, isRefused()])
  const [firstAt = 0, secondAt = 0] = beganAt
  expect(beganAt.length).toBe(2)
  // A timer may be early by a millisecond.
  expect(secondAt - firstAt).toBeGreaterThan(490)
})

test('a round that fails answers its requests, too, and does not stop the next', async () => {
  let isFailing = true
  const { janitor, room, warnings } = janitorOverNothing(async () => {
    if (isFailing) throw new Error('the disk is gone')
  })
  await using _janitor = janitor
  await room.need('/films', ENDLESS)
  await expect
    .poll(() => warnings, { interval: 1 })
    .toEqual([['clean-up failed', { reason: 'Error: the disk is gone' }]])
  isFailing = false
  await expect(room.need('/films', ENDLESS)).rejects.toMatchObject({ code: 'disk.full' })
})

test('a janitor that is disposed of does the round that was asked for before, and no other', async () => {
  const ended: string[] = []
  const { janitor, room, beganAt } = janitorOverNothing(() => nextTurn(undefined))
  const asked = room.need('/films', 0).then(() => ended.push('round'))
  const closed = janitor[Symbol.asyncDispose]().then(() => ended.push('janitor'))
  const tooLate = room.need('/others', ENDLESS).then(() => ended.push('asked too late'))
  await Promise.all([asked, closed, tooLate])
  expect(ended).toEqual(['asked too late', 'round', 'janitor'])
  expect(beganAt.length).toBe(1)
  // Without a janitor, what is known decides.
  await expect(room.need('/films', ENDLESS)).rejects.toMatchObject({ code: 'disk.full' })
  expect(beganAt.length).toBe(1)
})
