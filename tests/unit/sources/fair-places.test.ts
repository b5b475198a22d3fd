import { expect, test } from 'vitest'
import { FairPlaces } from '../../../src/sources/fair-places.ts'

const { signal } = new AbortController()

/** Waits, and notes which client got a place. */
function line(places: FairPlaces) {
  const got: string[] = []
  const held: Disposable[] = []
  return {
    got,
    wait: (client: string, until = signal) =>
      places.wait(client, until).then((place) => {
        if (place) held.push(place)
        got.push(place ? client : `${client} refused`)
      }),
    async leave() {
      held.shift()?.[Symbol.dispose]()
      await Promise.resolve()
    },
  }
}

test('a client holds no more than its share, even when places are free', () => {
  const places = new FairPlaces({ most: 4, perClient: 2, mostWaiting: 10 })
  expect(['a', 'a', 'a', 'b', 'b', 'c'].map((client) => places.take(client) !== undefined)).toEqual([
    ...[true, true, false],
    ...[true, true, false],
  ])
})

test('a place that is returned twice counts once', () => {
  const places = new FairPlaces({ most: 1, perClient: 1, mostWaiting: 10 })
  const place = places.take('a')
  place?.[Symbol.dispose]()
  place?.[Symbol.dispose]()
  expect([places.take('b') !== undefined, places.take('c')]).toEqual([true, undefined])
})

test('waiting clients take turns, however many requests one of them has', async () => {
  const { got, wait, leave } = line(new FairPlaces({ most: 1, perClient: 1, mostWaiting: 10 }))
  for (const client of ['a', 'a', 'a', 'b', 'b', 'c']) void wait(client)
  for (let n = 0; n < 8; n++) await leave()
  await expect.poll(() => got).toEqual(['a', 'a', 'b', 'c', 'a', 'b'])
})

test('a request that stopped waiting gets no place', async () => {
  const places = new FairPlaces({ most: 1, perClient: 1, mostWaiting: 10 })
  const { got, wait } = line(places)
  using place = places.take('a')
  const left = new AbortController()
  const waiting = wait('b', left.signal)
  left.abort()
  await waiting
  expect(got).toEqual(['b refused'])
  place?.[Symbol.dispose]()
  expect(places.take('c')).toBeDefined()
})

test('when too many wait, the client with most waiting requests loses one', async () => {
  const places = new FairPlaces({ most: 1, perClient: 1, mostWaiting: 3 })
  using _place = places.take('a')
  const { got, wait } = line(places)
  for (const client of ['a', 'a', 'a', 'a', 'b', 'c']) void wait(client)
  await expect.poll(() => got).toEqual(['a refused', 'a refused', 'a refused'])
})
