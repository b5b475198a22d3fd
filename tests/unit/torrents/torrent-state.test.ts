import { expect, test } from 'vitest'
import { stateAfter, type TorrentEvent, type TorrentState } from '../../../src/torrents/torrent-state.ts'

type State = TorrentState<string>

const STATES = {
  unknown: { kind: 'unknown' },
  seeking: { kind: 'seeking', since: 1 },
  resting: { kind: 'resting', known: 'old' },
  active: { kind: 'active', known: 'old' },
} as const satisfies Record<State['kind'], State>

const EVENTS = {
  joined: { kind: 'joined', at: 2 },
  left: { kind: 'left' },
  learned: { kind: 'learned', known: 'new' },
  unlearned: { kind: 'unlearned', at: 3 },
} as const satisfies Record<TorrentEvent<string>['kind'], TorrentEvent<string>>

/** Every state with every event; `same` where the event changes nothing. */
const TABLE: Record<State['kind'], Record<keyof typeof EVENTS, State | 'same'>> = {
  unknown: {
    joined: { kind: 'seeking', since: 2 },
    left: 'same',
    learned: { kind: 'resting', known: 'new' },
    unlearned: 'same',
  },
  seeking: {
    joined: 'same',
    left: { kind: 'unknown' },
    learned: { kind: 'active', known: 'new' },
    unlearned: 'same',
  },
  resting: {
    joined: { kind: 'active', known: 'old' },
    left: 'same',
    learned: 'same',
    unlearned: { kind: 'unknown' },
  },
  active: {
    joined: 'same',
    left: { kind: 'resting', known: 'old' },
    learned: 'same',
    unlearned: { kind: 'seeking', since: 3 },
  },
}

const CASES = (Object.keys(STATES) as State['kind'][]).flatMap((state) =>
  (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).map((event) => ({ state, event })),
)

test('the table has a row for every state and every event', () => {
  expect(CASES).toHaveLength(16)
})

test.for(CASES)('a torrent that is $state and has $event', ({ state, event }) => {
  const before: State = STATES[state]
  const expected = TABLE[state][event]
  const after = stateAfter(before, EVENTS[event])
  if (expected === 'same') expect(after).toBe(before)
  else expect(after).toEqual(expected)
})
