import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Job, JobState, Target } from '../../../src/downloads/guess.ts'
import { JobSlots } from '../../../src/downloads/guess-slots.ts'

function targetOf(letter: string, fileIdx = 0): Target {
  return { infoHash: letter.repeat(40) as InfoHash, trackers: [], choice: { kind: 'file', fileIdx } }
}

/** Jobs that run until they are stopped. */
function slotsOf() {
  const slots = new JobSlots()
  const begun: string[] = []
  const stopped: string[] = []
  const work = ({ target }: Job, signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const name = target.infoHash.slice(0, 1)
    begun.push(name)
    signal.addEventListener('abort', () => {
      stopped.push(name)
      resolve()
    })
    return promise
  }
  return {
    slots,
    begun,
    stopped,
    begin: (whom: string, letter: string, why: Job['why'] = 'first', fileIdx = 0) =>
      slots.begin(why, whom, targetOf(letter, fileIdx), work, 0),
    set: (letter: string, state: JobState) =>
      slots
        .all()
        .find(({ target }) => target.infoHash.startsWith(letter))
        ?.set(state),
    running: () => slots.all().map(({ why, target }) => `${why} ${target.infoHash.slice(0, 1)}`),
  }
}

test('a guess replaces the last one of the same kind for the same viewer', () => {
  const { begin, running, stopped } = slotsOf()
  begin('phone', 'a')
  begin('phone', 'b', 'next')
  begin('tv', 'c')
  begin('phone', 'd')
  expect(running()).toEqual(['next b', 'first c', 'first d'])
  expect(stopped).toEqual(['a'])
})

test('a repeated guess changes nothing, unless the first one failed', () => {
  const { begin, begun, set } = slotsOf()
  begin('phone', 'a')
  begin('phone', 'a')
  expect(begun).toEqual(['a'])
  set('a', 'failed')
  begin('phone', 'a')
  begin('phone', 'a', 'first', 1)
  expect(begun).toEqual(['a', 'a', 'a'])
})

test('at most three guesses of each kind run, and the oldest is stopped', () => {
  const { begin, running, stopped } = slotsOf()
  begin('tv', 'n', 'next')
  for (const letter of 'abcde') begin(`client of ${letter}`, letter)
  expect(running()).toEqual(['next n', 'first c', 'first d', 'first e'])
  expect(stopped).toEqual(['a', 'b'])
})

test('a guess that the owner stopped does not start again, and the others go on', async () => {
  const { slots, begin, running, stopped } = slotsOf()
  begin('phone', 'a')
  begin('tv', 'b')
  expect(await slots.refuse('a'.repeat(40) as InfoHash)).toBe(1)
  expect(stopped).toEqual(['a'])
  begin('phone', 'a')
  begin('tablet', 'a')
  expect(running()).toEqual(['first b'])
  begin('phone', 'a', 'next')
  expect(await slots.refuse()).toBe(2)
  expect(running()).toEqual([])
})

test('a finished guess whose files were removed is forgotten and may start again', () => {
  const { slots, begin, begun, set, running } = slotsOf()
  begin('phone', 'a')
  begin('tv', 'b')
  slots.forget(() => false)
  expect(running()).toEqual(['first a', 'first b'])
  set('a', 'done')
  set('b', 'done')
  slots.forget((infoHash) => infoHash.startsWith('b'))
  expect(running()).toEqual(['first b'])
  begin('phone', 'a')
  expect(begun).toEqual(['a', 'b', 'a'])
})
