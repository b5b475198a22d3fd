import { expect, test } from 'vitest'
import { countFromFirst } from '../../../../src/domain/names/episode-count.ts'

/** @param seasons - numbers of the episodes whose titles are known, from season 1 on */
function known(...seasons: number[][]) {
  const keys = seasons.flatMap((numbers, at) =>
    numbers.map((number) => [`${at + 1}:${number}`, 'Title'] as const),
  )
  return { episodes: new Map<string, string>(keys) }
}

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, at) => from + at)

test.for([
  ['in the first season', 1, 5, known(upTo(12)), 5],
  ['after a season of 12', 2, 1, known(upTo(12), upTo(12)), 13],
  ['after a season of 12 with one untitled episode', 2, 1, known([...upTo(4), ...upTo(12, 6)], upTo(3)), 13],
  ['after a season whose second episode has no title', 2, 3, known([1, ...upTo(10, 3)], upTo(3)), 13],
  ['after three seasons', 4, 2, known(upTo(10), upTo(8), upTo(12), upTo(3)), 32],
  ['after a season that begins with a prologue', 2, 1, known([0, ...upTo(6)], upTo(3)), 7],
  ['in a season that continues the numbering', 2, 14, known(upTo(12), upTo(24, 13)), 14],
  ['after a season that continues the numbering', 3, 26, known(upTo(12), upTo(24, 13), upTo(36, 25)), 26],
  [
    'after a season that continues the numbering, numbered from 1 again',
    3,
    2,
    known(upTo(12), upTo(24, 13), upTo(12)),
    26,
  ],
  ['in a season with no known episodes', 3, 2, known(upTo(12), upTo(12)), 26],
  ['after a season with no known episodes', 3, 1, known(upTo(12), [], upTo(3)), undefined],
  ['after a season with half of its episodes known', 2, 1, known([1, 2, 11, 12], upTo(3)), undefined],
  ['of specials', 0, 1, known(upTo(12)), undefined],
] as const)('the absolute number of an episode %s', ([, season, episode, series, number]) => {
  expect(countFromFirst(season, episode, series)).toBe(number)
})
