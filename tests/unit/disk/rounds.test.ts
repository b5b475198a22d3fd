import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Rounds } from '../../../src/disk/rounds.ts'

/** What is asked for, and which of these requests were answered. */
function asker(rounds: Rounds) {
  const answered: string[] = []
  return {
    ask: (who: string) => void rounds.ask().then(() => answered.push(who)),
    async answered() {
      await nextTurn()
      return [...answered]
    },
  }
}

test('a request is answered at once while no one does the rounds', async () => {
  await new Rounds().ask()
})

test('a request is answered at the end of the round that began after it', async () => {
  const rounds = new Rounds()
  const { ask, answered } = asker(rounds)
  rounds.requests(new AbortController().signal)
  ask('before')
  const first = rounds.begin()
  ask('meanwhile')
  expect(await answered()).toEqual([])
  first[Symbol.dispose]()
  expect(await answered()).toEqual(['before'])
  rounds.begin()[Symbol.dispose]()
  expect(await answered()).toEqual(['before', 'meanwhile'])
})

test('a request arrives once, however many ask before the round begins, and again for those who ask later', async () => {
  const rounds = new Rounds()
  const requests = rounds.requests(new AbortController().signal)
  for (let round = 0; round < 2; round++) {
    const arrives = requests.next()
    void rounds.ask()
    void rounds.ask()
    expect(await arrives).toMatchObject({ done: false })
    void rounds.ask()
    rounds.begin()[Symbol.dispose]()
  }
  let hasArrived = false
  void requests.next().then(() => {
    hasArrived = true
  })
  await nextTurn()
  expect(hasArrived).toBe(false)
})

test('a round that is begun without a request answers all requests before it', async () => {
  const rounds = new Rounds()
  const { ask, answered } = asker(rounds)
  const leaving = new AbortController()
  const requests = rounds.requests(leaving.signal)
  ask('a')
  rounds.begin()[Symbol.dispose]()
  expect(await answered()).toEqual(['a'])
  leaving.abort()
  expect(await requests.next()).toMatchObject({ done: true })
})

test('the one who does the rounds finishes what was asked for before leaving, and is asked for nothing after it', async () => {
  const rounds = new Rounds()
  const { ask, answered } = asker(rounds)
  const leaving = new AbortController()
  const requests = rounds.requests(leaving.signal)
  ask('before')
  leaving.abort()
  ask('after')
  expect(await answered()).toEqual(['after'])
  expect(await requests.next()).toMatchObject({ done: false })
  rounds.begin()[Symbol.dispose]()
  expect(await answered()).toEqual(['after', 'before'])
  expect(await requests.next()).toMatchObject({ done: true })
})
