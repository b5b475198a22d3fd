import { expect, test } from 'vitest'
import { chooseEvictions, chooseForRoom, type EvictionCandidate } from '../../../src/cleanup/eviction.ts'
import { ShortageLog } from '../../../src/cleanup/shortage-log.ts'
import type { Refusal } from '../../../src/disk/disk-errors.ts'
import type { Room } from '../../../src/disk/disk-room.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import type { Log } from '../../../src/observe/log.ts'

const NOW = 100_000_000
const IDLE_MS = 1_000
const MB = 1_000_000

/** A film last read that long ago: the longer, the sooner it goes. */
function film(name: string, idleMs: number, more: Partial<EvictionCandidate> = {}): EvictionCandidate {
  const usage = { ...newUsage('watched', 0), lastReadAt: NOW - idleMs }
  return {
    infoHash: name as InfoHash,
    usage,
    bytes: 10,
    isUsed: false,
    isAwaited: false,
    isGuessed: false,
    ...more,
  }
}

const OLD = film('old', 90_000_000)
const OLDER = film('older', 95_000_000)
const WANTED = film('wanted', 99_000_000)
const WATCHED = film('watched', 99_000_000, { isUsed: true })
const UNTOUCHABLE = film('on a disk that is read-only', 99_000_000, { isReadOnly: true })
const ALL = [OLD, WATCHED, WANTED, OLDER, UNTOUCHABLE]

test.for([
  ['nothing while the limit is kept', 0, 0, []],
  ['the film that is worth least when the limit is passed', 5, 5, ['wanted']],
  ['as many films as needed', 15, 15, ['wanted', 'older']],
  ['nothing that is wanted itself, to fetch what is wanted', 0, 5, ['older']],
  ['no more films than there are', 0, 500, ['older', 'old']],
  ['films that must go, which also make room for what is wanted', 5, 15, ['wanted', 'older']],
] as const)('to make room, clean-up removes %s', ([, excess, expected, names]) => {
  const isWanted = (entry: EvictionCandidate) => entry === WANTED
  const chosen = chooseForRoom(ALL, {
    excessBytes: excess,
    expectedBytes: expected,
    isWanted,
    idleMs: IDLE_MS,
    now: NOW,
  })
  expect(chosen.map(({ infoHash }) => infoHash)).toEqual(names)
})

test('nothing is evicted when no excess is given', () => {
  expect(chooseEvictions(ALL, 0, IDLE_MS, NOW)).toEqual([])
  expect(chooseEvictions(ALL, -1, IDLE_MS, NOW)).toEqual([])
})

/** The lines in the log, from one look at the disk to the next. */
function logOf(...looks: { room?: Partial<Room>; wanted?: number; refusal?: Refusal; bases?: string[] }[]) {
  const said: string[] = []
  const note = (level: string) => (message: string) => void said.push(`${level}: ${message.split(':')[0]}`)
  const log: Log = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') }
  const shortages = new ShortageLog(log)
  for (const { room = {}, wanted = 0, refusal, bases = ['/films'] } of looks) {
    const all = {
      bytes: 100 * MB,
      spareBytes: 0,
      isReadOnly: false,
      freeBytes: 101 * MB,
      minFreeBytes: MB,
      ...room,
    }
    shortages.noteDisk({ bases, room: all }, wanted, refusal)
  }
  return said
}

const FULL = 'warn: disk full and nothing left to evict; downloads paused'
const READ_ONLY = 'warn: disk read-only and nothing left to evict; downloads paused'
const OVER = 'info: disk has space again; downloads resumed'
const NO_ROOM = { bytes: 0, freeBytes: MB }

test.for([
  ['nothing while there is space', [{}, { wanted: 50 * MB }], []],
  ['nothing about a disk that is nearly full when nothing more is wanted', [{ room: NO_ROOM }], []],
  [
    'once that a disk is full, however often it is checked',
    [
      { room: NO_ROOM, wanted: 1 },
      { room: NO_ROOM, wanted: 2 },
    ],
    [FULL],
  ],
  ['nothing more when only the viewer has left', [{ room: NO_ROOM, wanted: 1 }, { room: NO_ROOM }], [FULL]],
  ['once that a disk has space again', [{ room: NO_ROOM, wanted: 1 }, {}, {}], [FULL, OVER]],
  [
    'that a limit is passed, even when nothing more is wanted',
    [{ room: { bytes: 0, freeBytes: MB - 1 } }, {}],
    [FULL, OVER],
  ],
  ['that writes are refused despite free space', [{ refusal: 'EDQUOT' }, {}], [FULL, OVER]],
  ['that a disk is read-only', [{ room: { isReadOnly: true, bytes: 0 } }, {}], [READ_ONLY, OVER]],
  ['that a disk turns out to be read-only', [{ refusal: 'EROFS' }], [READ_ONLY]],
  [
    'once for all folders on a disk',
    [
      { room: NO_ROOM, wanted: 1 },
      { room: NO_ROOM, wanted: 1, bases: ['/others', '/films'] },
    ],
    [FULL],
  ],
] as [string, Parameters<typeof logOf>, string[]][])('the log says %s', ([, looks, expected]) => {
  expect(logOf(...looks)).toEqual(expected)
})

test('the log says once that the cache is too large, and once that it no longer is', () => {
  const said: string[] = []
  const note = (message: string) => void said.push(message)
  const shortages = new ShortageLog({ error: note, warn: note, info: note, debug: note })
  for (const used of [5, 11, 12, 9, 8]) shortages.noteSize(used, 10)
  shortages.noteSize(1_000, undefined)
  expect(said).toEqual([
    'cache above CACHE_MAX_SIZE and nothing left to evict',
    'cache below CACHE_MAX_SIZE again',
  ])
})
