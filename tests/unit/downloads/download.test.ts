import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { Download, type Proposal } from '../../../src/downloads/download.ts'

const NOW = 1_000_000
const NO_PEERS = new SelfStremeError('media.no_peers', 'no peers')
const BUSY = new SelfStremeError('torrent.busy', 'busy')
const NO_ROOM = new SelfStremeError('cache.no_room', 'no room', { details: { missingBytes: 1 } })
const IMPOSSIBLE = new SelfStremeError('wish.impossible', 'no such file')
const INVALID = new SelfStremeError('torrent.invalid', 'not a torrent')

function proposalOf(priority: Proposal['priority']): Proposal {
  return {
    ...{ id: 'a', infoHash: 'a'.repeat(40) as InfoHash, trackers: [], priority, addedAt: 0 },
    choose: () => ({ name: 'Film.mkv', portion: { files: [0] } }),
    needOf: async () => undefined,
    noteFetched: () => undefined,
  }
}

/** How a download gets into each state; `*` is with an attempt that is still running. */
const STATES = {
  queued: () => undefined,
  'looking*': (download: Download) => download.begin(NOW),
  'fetching*': (download: Download) => [download.begin(NOW), download.fetch()],
  'queued*': (download: Download) => [download.begin(NOW), download.giveWay('stalled', NOW + 600_000)],
  refused: (download: Download) => [download.begin(NOW), download.fail(NO_ROOM, NOW, false), download.end()],
  'refused*': (download: Download) => [STATES.refused(download), download.begin(NOW)],
  done: (download: Download) => [download.begin(NOW), download.finish(), download.end()],
  failed: (download: Download) => [download.begin(NOW), download.fail(INVALID, NOW, false), download.end()],
}

const EVENTS = {
  begin: (download: Download) => download.begin(NOW),
  fetch: (download: Download) => download.fetch(),
  finish: (download: Download) => download.finish(),
  'fail: no peers': (download: Download) => download.fail(NO_PEERS, NOW, false),
  'fail: busy': (download: Download) => download.fail(BUSY, NOW, false),
  'fail: busy, removed': (download: Download) => download.fail(BUSY, NOW, true),
  'fail: no room': (download: Download) => download.fail(NO_ROOM, NOW, false),
  'fail: no such file': (download: Download) => download.fail(IMPOSSIBLE, NOW, false),
  'give way': (download: Download) => download.giveWay('stalled', NOW + 600_000),
  'note room': (download: Download) => download.noteRoom(),
  stop: (download: Download) => download.stop(),
  end: (download: Download) => download.end(),
}

/** State, and seconds until the next attempt where there is a pause. */
function shown(download: Download): string {
  const { progress, retryAt, isRunning } = download
  const pause =
    retryAt <= NOW ? '' : retryAt === Number.POSITIVE_INFINITY ? ' never' : ` ${(retryAt - NOW) / 1000}`
  return `${progress.state}${isRunning ? '*' : ''}${pause}`
}

type State = keyof typeof STATES
type Event = keyof typeof EVENTS

function after(state: State, event: Event, priority: Proposal['priority']): string {
  const download = new Download(proposalOf(priority))
  STATES[state](download)
  EVENTS[event](download)
  return shown(download)
}

/** What each event does to an attempt, in any state: state, seconds to the next attempt. */
const OF_ATTEMPT = {
  fetch: 'fetching*',
  finish: 'done* never',
  'fail: no peers': 'queued* 30',
  'fail: busy': 'queued* 5',
  'fail: busy, removed': 'queued* 5',
  'fail: no room': 'refused* 15',
  'fail: no such file': 'failed* never',
  'give way': 'queued* 600',
}
/** A guess is not retried, unless another download was in the way. */
const OF_GUESS = { ...OF_ATTEMPT, 'fail: no peers': 'failed* never', 'fail: busy, removed': 'failed* never' }
/** Over, and not to be retried. */
const over = (state: string) => ({ 'note room': state, stop: state })

const TABLE: Readonly<Record<State, Partial<Record<Event, string>>>> = {
  queued: { begin: 'looking*', 'note room': 'queued', stop: 'queued' },
  'looking*': { ...OF_ATTEMPT, 'note room': 'looking*', stop: 'looking*', end: 'queued' },
  'fetching*': { ...OF_ATTEMPT, 'note room': 'fetching*', stop: 'fetching*', end: 'queued' },
  'queued*': {
    ...{ finish: 'done* never', 'give way': 'queued* 600', 'note room': 'queued* 600' },
    ...{ stop: 'queued* 600', end: 'queued 600' },
  },
  refused: { begin: 'refused* 15', 'note room': 'refused', stop: 'refused 15' },
  'refused*': {
    ...OF_ATTEMPT,
    fetch: 'fetching* 15',
    'note room': 'refused*',
    stop: 'refused* 15',
    end: 'refused 15',
  },
  done: over('done never'),
  failed: over('failed never'),
}
const CELLS = (Object.keys(TABLE) as State[]).flatMap((state) =>
  (Object.keys(TABLE[state]) as Event[]).map(
    (event) => [state, event, TABLE[state][event] as string] as const,
  ),
)

test.for(CELLS)('a wanted download that is %s, on "%s", is %s', ([state, event, expected]) => {
  expect(after(state, event, 'wanted')).toBe(expected)
})

test.for(CELLS)(
  'a guessed download that is %s, on "%s", changes like a wanted one, or is given up',
  ([state, event, wanted]) => {
    const isOfAttempt = wanted === OF_ATTEMPT[event as keyof typeof OF_ATTEMPT]
    const expected = isOfAttempt ? OF_GUESS[event as keyof typeof OF_GUESS] : wanted
    expect(after(state, event, 'guessed')).toBe(expected)
  },
)

test('the state table has every state, and every event that the queue can cause in it', () => {
  expect(Object.keys(TABLE)).toEqual(Object.keys(STATES))
  const events = Object.keys(EVENTS)
  for (const state of ['looking*', 'fetching*', 'refused*'] as const)
    expect(Object.keys(TABLE[state]).toSorted()).toEqual(
      events.filter((event) => event !== 'begin').toSorted(),
    )
})

test('attempts without peers pause for 30 s, then twice as long each time, up to half an hour', () => {
  const download = new Download(proposalOf('wanted'))
  const pauses = Array.from({ length: 9 }, () => {
    download.begin(NOW)
    download.fail(NO_PEERS, NOW, false)
    download.end()
    return (download.retryAt - NOW) / 1000
  })
  expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800, 1800])
  expect(download.failures).toBe(9)
})

test('the pause for a busy swarm or a full disk does not grow', () => {
  const download = new Download(proposalOf('wanted'))
  for (const [error, pauseMs] of [...Array(5).fill([BUSY, 5_000]), ...Array(5).fill([NO_ROOM, 15_000])]) {
    download.begin(NOW)
    download.fail(error, NOW, false)
    download.end()
    expect(download.retryAt - NOW).toBe(pauseMs)
  }
  expect(download.failures).toBe(0)
})

test('a failure is news when its reason changes', () => {
  const download = new Download(proposalOf('wanted'))
  const fail = (error: Error) => download.fail(error, NOW, false)
  expect([fail(BUSY), fail(BUSY), fail(NO_ROOM), fail(NO_PEERS)]).toEqual([true, false, true, true])
})

test('a refusal has its numbers until it is over', () => {
  const download = new Download(proposalOf('wanted'))
  STATES['refused*'](download)
  expect(download.progress).toEqual({ state: 'refused', reason: 'no room', noRoom: { missingBytes: 1 } })
  download.fetch()
  expect(download.progress).toEqual({ state: 'fetching' })
})

test('stopping aborts the attempt, and giving way does too', () => {
  for (const cut of [EVENTS.stop, EVENTS['give way']]) {
    const download = new Download(proposalOf('wanted'))
    const signal = download.begin(NOW)
    expect(signal.aborted).toBe(false)
    cut(download)
    expect(signal.aborted).toBe(true)
  }
})

test('a download stalls from when its bytes last changed', () => {
  const download = new Download(proposalOf('wanted'))
  expect(download.stalledMs(5, NOW)).toBe(0)
  download.begin(NOW)
  expect(download.stalledMs(0, NOW + 100)).toBe(100)
  expect(download.stalledMs(7, NOW + 200)).toBe(0)
  expect(download.stalledMs(7, NOW + 350)).toBe(150)
})
