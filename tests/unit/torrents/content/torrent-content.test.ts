import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FileState } from '../../../../src/torrents/content/file-state.ts'
import { type ContentWorld, contentWorld, idOf, PIECES } from '../../../support/content-world.ts'

type Cell = readonly [atOnce: FileState, inTheEnd: FileState, pieces: string, ...reported: string[]]

const ALL = Array.from({ length: PIECES }, (_, piece) => piece)
/** However soon another program changes a file after the engine has written to it, it is noticed. */
const LATER_MS = 1
/** What the engine has not reported by then, it has not done. */
const REPORT_MS = 1_000

/** How a file comes to be in each state. */
const ARRANGE: Record<FileState, () => Promise<ContentWorld>> = {
  empty: async () => {
    const world = contentWorld()
    world.engineOpens()
    return world
  },
  /** one piece verified, one claimed by an earlier run */
  partial: async () => {
    const world = contentWorld([1])
    world.engineOpens()
    world.engineWrites([0])
    return world
  },
  full: async () => {
    const world = await ARRANGE.partial()
    world.engineWrites([2, 3])
    return world
  },
  completing: async () => {
    const world = await ARRANGE.full()
    world.disk.hold('hashing')
    world.content.completeIfAllThere(0)
    await world.settle()
    return world
  },
  saving: async () => {
    const world = await ARRANGE.full()
    world.disk.hold('syncing')
    world.content.completeIfAllThere(0)
    await world.settle()
    return world
  },
  complete: async () => {
    const world = await ARRANGE.full()
    world.content.completeIfAllThere(0)
    await world.settle()
    return world
  },
}

/** What may happen to a file. */
const EVENTS = {
  'gets a piece': ({ engineWrites }) => engineWrites([0]),
  'gets all its pieces': ({ engineWrites }) => engineWrites(ALL),
  'gets pieces in another file': async (world) => {
    world.interfere('replaces')
    world.content.files.see(0, await world.disk.stat())
    world.content.markVerified([2])
  },
  'loses a piece in the engine': ({ content }) => content.markMissing([0]),
  'is another file to the engine': ({ engineOpens }) => engineOpens(idOf(99)),
  'is replaced by a copy of ours': (world) => {
    world.content.files.expectCopy(0, idOf(99))
    world.interfere('replaces')
    world.engineOpens()
  },
  'is checked': ({ content }) => content.check(0),
  'is checked after another program wrote to it': (world) => {
    world.interfere('writes')
    return world.content.check(0)
  },
  'is checked after another program wrote to it, and the engine has ended': (world) => {
    world.interfere('writes')
    world.content.files.noteEngineEnded()
    return world.content.check(0)
  },
  'is found changed by the engine': ({ content, disk, interfere }) => {
    interfere('writes')
    content.files.noteChanged(0)
    content.files.noteWrote(0, disk.clock, false)
  },
  'is checked before the engine has reported a write': ({ content, disk, interfere }) => {
    interfere('writes')
    const checking = content.check(0)
    content.files.noteWrote(0, disk.clock, false)
    return checking
  },
  'is checked while the engine writes for long': ({ content, disk, interfere }) => {
    content.files.noteWrote(0, disk.clock - LATER_MS, true)
    interfere('writes')
    return content.check(0)
  },
  'is opened again by the engine': ({ engineOpens }) => engineOpens(),
  'is opened again by the engine after another program wrote to it': (world) => {
    world.interfere('writes')
    world.engineOpens()
  },
  'is checked after it was replaced': (world) => {
    world.interfere('replaces')
    return world.content.check(0)
  },
  'is checked after it was removed': (world) => {
    world.interfere('removes')
    return world.content.check(0)
  },
  'cannot be checked': (world) => {
    world.disk.isFailing = true
    return world.content.check(0)
  },
  'is looked for': ({ content }) => content.checkIdentity(0),
  'is looked for after it was replaced': (world) => {
    world.interfere('replaces')
    return world.content.checkIdentity(0)
  },
  'is looked for after it was removed': (world) => {
    world.interfere('removes')
    return world.content.checkIdentity(0)
  },
  'cannot be looked for': (world) => {
    world.disk.isFailing = true
    return world.content.checkIdentity(0)
  },
  'has a claimed piece that is right': ({ content }) => content.claimed.check(1),
  'has a claimed piece that is wrong': ({ content, disk }) => {
    disk.wrong.add(1)
    return content.claimed.check(1)
  },
  'is opened by a reader': async ({ content }) => {
    await using held = content.files.hold(0)
    await held.open()
  },
  'is opened by a reader after it was replaced': async (world) => {
    world.interfere('replaces')
    await using held = world.content.files.hold(0)
    await held.open()
  },
  'is opened by a reader after it was removed': async (world) => {
    world.interfere('removes')
    await using held = world.content.files.hold(0)
    await held.open()
  },
  'may not be on the disk yet': ({ content }) => content.claimUnsynced(),
  'is to become complete if it can': ({ content }) => content.completeIfAllThere(0),
  'is saved': ({ content }) => content.save(),
  'cannot be saved': ({ content, disk }) => {
    disk.isFailing = true
    return content.save()
  },
} as const satisfies Record<string, (world: ContentWorld) => unknown>

type EventName = keyof typeof EVENTS

/**
 * Every event in every state: the state at once, while what a file in `completing` or `saving` waits for is held back; the
 * state in the end; the pieces in the end (v: verified, c: claimed, -: missing); and what was reported.
 */
const TABLE = {
  'gets a piece': {
    empty: ['partial', 'partial', 'v---'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'gets all its pieces': {
    empty: ['full', 'full', 'vvvv'],
    partial: ['full', 'full', 'vvvv'],
    full: ['full', 'full', 'vvvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'gets pieces in another file': {
    empty: ['empty', 'empty', '----', 'lost', '2 is damaged'],
    partial: ['partial', 'partial', 'cc--', 'lost', '2 is damaged'],
    full: ['full', 'full', 'cccc', 'lost', '2 is damaged'],
    completing: ['completing', 'full', 'ccvv', 'lost', '2 is damaged'],
    saving: ['saving', 'complete', 'cccc', '2 is damaged', 'listed', 'complete'],
    complete: ['complete', 'complete', 'cccc', '2 is damaged'],
  },
  'loses a piece in the engine': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', '-c--'],
    full: ['partial', 'partial', '-cvv'],
    completing: ['completing', 'partial', '-vvv'],
    saving: ['completing', 'partial', '-vvv'],
    complete: ['partial', 'partial', '-vvv', 'unlisted'],
  },
  'is another file to the engine': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'full', 'cccc'],
    completing: ['completing', 'full', 'ccvv', 'lost'],
    saving: ['saving', 'complete', 'cccc', 'listed', 'complete'],
    complete: ['complete', 'complete', 'cccc'],
  },
  'is replaced by a copy of ours': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'full', 'vcvv'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is checked': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['complete', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is checked after another program wrote to it': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'full', 'cccc'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv', 'unlisted', 'listed', 'complete'],
  },
  'is checked after another program wrote to it, and the engine has ended': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['complete', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'full', 'ccvv'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv', 'unlisted', 'listed', 'complete'],
  },
  'is found changed by the engine': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'full', 'cccc'],
    completing: ['completing', 'full', 'ccvv'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['full', 'full', 'cccc', 'unlisted'],
  },
  'is checked before the engine has reported a write': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['complete', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv', 'unlisted', 'listed', 'complete'],
  },
  'is checked while the engine writes for long': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'completing', 'vvvv'],
    completing: ['completing', 'completing', 'vvvv'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv', 'unlisted', 'listed', 'complete'],
  },
  'is opened again by the engine': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is opened again by the engine after another program wrote to it': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'full', 'cccc'],
    completing: ['completing', 'full', 'ccvv'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['full', 'full', 'cccc', 'unlisted'],
  },
  'is checked after it was replaced': {
    empty: ['empty', 'empty', '----', 'lost'],
    partial: ['partial', 'partial', 'cc--', 'lost'],
    full: ['complete', 'complete', 'vvvv', 'lost', 'listed', 'complete'],
    completing: ['completing', 'full', 'ccvv', 'lost'],
    saving: ['completing', 'full', 'cccc', 'lost'],
    complete: ['complete', 'complete', 'vvvv', 'unlisted', 'lost', 'listed', 'complete'],
  },
  'is checked after it was removed': {
    empty: ['empty', 'empty', '----', 'lost'],
    partial: ['empty', 'empty', '----', 'lost'],
    full: ['empty', 'empty', '----', 'lost'],
    completing: ['completing', 'empty', '----', 'lost'],
    saving: ['completing', 'empty', '----', 'lost'],
    complete: ['empty', 'empty', '----', 'unlisted', 'lost'],
  },
  'cannot be checked': {
    empty: ['empty', 'empty', '----', 'fails: EIO'],
    partial: ['partial', 'partial', 'vc--', 'fails: EIO'],
    full: ['full', 'full', 'vcvv', 'fails: EIO'],
    completing: ['completing', 'full', 'vvvv', 'fails: EIO'],
    saving: ['saving', 'full', 'cccc', 'fails: EIO'],
    complete: ['complete', 'complete', 'vvvv', 'fails: EIO'],
  },
  'is looked for': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['complete', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is looked for after it was replaced': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--', 'lost'],
    full: ['full', 'full', 'cccc', 'lost'],
    completing: ['completing', 'full', 'ccvv', 'lost'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is looked for after it was removed': {
    empty: ['empty', 'empty', '----'],
    partial: ['empty', 'empty', '----', 'lost'],
    full: ['empty', 'empty', '----', 'lost'],
    completing: ['completing', 'empty', '----', 'lost'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'cannot be looked for': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'full', 'vvvv'],
    saving: ['saving', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'has a claimed piece that is right': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vv--'],
    full: ['full', 'full', 'vvvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'has a claimed piece that is wrong': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'v---', '1 is damaged'],
    full: ['partial', 'partial', 'v-vv', '1 is damaged'],
    completing: ['completing', 'partial', 'v-vv', '1 is damaged'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is opened by a reader': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is opened by a reader after it was replaced': {
    empty: ['empty', 'empty', '----', 'lost'],
    partial: ['partial', 'partial', 'cc--', 'lost'],
    full: ['full', 'full', 'cccc', 'lost'],
    completing: ['completing', 'full', 'ccvv', 'lost'],
    saving: ['saving', 'complete', 'cccc', 'listed', 'complete'],
    complete: ['complete', 'complete', 'cccc'],
  },
  'is opened by a reader after it was removed': {
    empty: ['empty', 'empty', '----', 'lost', 'fails: media.damaged'],
    partial: ['empty', 'empty', '----', 'lost', 'fails: media.damaged'],
    full: ['empty', 'empty', '----', 'lost', 'fails: media.damaged'],
    completing: ['completing', 'empty', '----', 'lost', 'fails: media.damaged'],
    saving: ['completing', 'empty', '----', 'lost', 'fails: media.damaged'],
    complete: ['empty', 'empty', '----', 'unlisted', 'lost', 'fails: media.damaged'],
  },
  'may not be on the disk yet': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'full', 'cccc'],
    completing: ['completing', 'full', 'ccvv'],
    saving: ['completing', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is to become complete if it can': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['complete', 'complete', 'vvvv', 'listed', 'complete'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'is saved': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'vc--'],
    full: ['full', 'full', 'vcvv'],
    completing: ['completing', 'complete', 'vvvv', 'listed', 'complete'],
    saving: ['saving', 'complete', 'vvvv', 'listed', 'complete'],
    complete: ['complete', 'complete', 'vvvv'],
  },
  'cannot be saved': {
    empty: ['empty', 'empty', '----'],
    partial: ['partial', 'partial', 'cc--'],
    full: ['full', 'full', 'cccc'],
    completing: ['completing', 'partial', 'cc--', '2 is damaged', '3 is damaged'],
    saving: ['saving', 'full', 'cccc'],
    complete: ['complete', 'complete', 'vvvv'],
  },
} as const satisfies Record<EventName, Record<FileState, Cell>>

const STATES = Object.keys(ARRANGE) as FileState[]
const NAMES = Object.keys(EVENTS) as EventName[]
const CASES = STATES.flatMap((state) => NAMES.map((event) => ({ state, event })))

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('the table has a row for every event, and a cell for every state in it', () => {
  expect(CASES).toHaveLength(6 * 30)
  expect(Object.keys(TABLE)).toEqual(NAMES)
  for (const row of Object.values(TABLE)) expect(Object.keys(row)).toEqual(STATES)
})

test.for(CASES)('a file that is $state and $event', async ({ state, event }) => {
  const world = await ARRANGE[state]()
  const { content, disk, said } = world
  expect(content.stateOf(0)).toBe(state)
  said.length = 0
  disk.clock += LATER_MS

  const happening = (async () => EVENTS[event](world))().catch(({ code }) => said.push(`fails: ${code}`))
  await world.settle()
  const atOnce = content.stateOf(0)
  disk.release()
  await vi.advanceTimersByTimeAsync(REPORT_MS)
  await happening
  await world.settle()
  const after: Cell = [atOnce, content.stateOf(0), world.pieces, ...said]
  expect(after).toEqual(TABLE[event][state])

  // What follows from any state.
  const isComplete = content.stateOf(0) === 'complete'
  const missing = isComplete ? 0 : world.pieces.replaceAll(/[^-]/g, '').length
  expect([content.isComplete(0), content.hasComplete]).toEqual([isComplete, isComplete])
  expect(content.missingIn(0)).toEqual({ missing, of: PIECES })
  expect(content.contents().files[0]?.wholeMtimeMs !== undefined).toBe(isComplete)
  expect(world.isListedComplete, 'the index knows it').toBe(isComplete)
  disk.isFailing = false
  await content.save()
  expect(content.isSaved).toBe(true)
  // Bits of pieces that are gone may stay: a later run hashes them again.
  const [saved = 0, there = 0] = [disk.saved.bits?.[0], content.bits()[0]]
  expect(there & ~saved, 'every piece that is there is noted').toBe(0)
  expect(disk.saved.isComplete ?? false).toBe(isComplete)
})
