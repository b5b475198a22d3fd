import { expect, test } from 'vitest'
import { type EndedDial, outcomeOf } from '../../../../../src/engine/child/dialler/dial-outcome.ts'

const NOW = 100_000
const DIALLED: EndedDial = {
  connectedAt: 0,
  handshakeAt: 0,
  hasBytes: false,
  gave: false,
  isHungUp: true,
  hasExtensions: false,
}
const connected = (msAgo: number) => ({ connectedAt: NOW - msAgo })
const shaken = (msAgo: number) => ({ ...connected(msAgo), handshakeAt: NOW - msAgo, hasBytes: true })

test.for<[what: string, state: Partial<EndedDial>, outcome: string]>([
  ['that was not answered', {}, 'failed'],
  ['that was not answered, and that we ended', { isHungUp: false }, 'failed'],
  ['that was closed without a byte', connected(2_499), 'no byte'],
  ['that was closed without a byte, late', connected(2_500), 'gave nothing'],
  ['that was closed after half a handshake', { ...connected(10), hasBytes: true }, 'gave nothing'],
  ['to a peer without extensions that hung up soon after its handshake', shaken(3_000), 'hung up'],
  ['to a peer without extensions that hung up later', shaken(3_001), 'gave nothing'],
  ['to a peer without extensions that we dropped', { ...shaken(10), isHungUp: false }, 'gave nothing'],
  ['to a peer with extensions that hung up soon', { ...shaken(10), hasExtensions: true }, 'left'],
  ['to a peer with extensions that hung up later', { ...shaken(3_001), hasExtensions: true }, 'gave nothing'],
  [
    'to a peer with extensions that we dropped',
    { ...shaken(10), hasExtensions: true, isHungUp: false },
    'gave nothing',
  ],
  ['to a peer that gave something and hung up at once', { ...shaken(10), gave: true }, 'gave'],
  [
    'to a peer that gave something and was dropped',
    { ...shaken(9_000), gave: true, isHungUp: false },
    'gave',
  ],
])('a dial %s ends as "%s"', ([, state, outcome]) => {
  expect(outcomeOf({ ...DIALLED, ...state }, NOW)).toBe(outcome)
})
