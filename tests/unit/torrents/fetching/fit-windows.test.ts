import { expect, test } from 'vitest'
import type { PieceWindow } from '../../../../src/engine/engine.ts'
import { fitWindows } from '../../../../src/torrents/fetching/fit-windows.ts'

const PIECE = 100

/** `urgent 3-7`, as it is easy to read. */
function windows(...texts: string[]): PieceWindow[] {
  return texts.map((text) => {
    const [, priority, from, to] = /^(urgent|ahead|background) (\d+)-(\d+)$/.exec(text) ?? []
    return { from: Number(from), to: Number(to), priority: priority as PieceWindow['priority'] }
  })
}

test.for([
  [
    'all of it, where there is enough',
    10,
    10,
    ['urgent 0-3', 'background 4-9'],
    ['urgent 0-3', 'background 4-9'],
  ],
  ['no more pieces than there is room for', 5, 5, ['urgent 0-3', 'ahead 4-9'], ['urgent 0-3', 'ahead 4-4']],
  ['nothing, where there is no room', 0, 0, ['urgent 0-3', 'ahead 4-9', 'background 10-12'], []],
  [
    'what is urgent before the rest',
    3,
    3,
    ['background 0-9', 'ahead 10-19', 'urgent 20-29'],
    ['urgent 20-22'],
  ],
  [
    'only so much in the background',
    9,
    2,
    ['urgent 0-3', 'background 4-9'],
    ['urgent 0-3', 'background 4-5'],
  ],
  ['what readers need though nothing is to spare', 9, 0, ['ahead 0-3', 'background 4-9'], ['ahead 0-3']],
  [
    'a piece that lies in several windows once',
    4,
    4,
    ['urgent 0-3', 'ahead 2-3'],
    ['urgent 0-3', 'ahead 2-3'],
  ],
  [
    'nothing in a later window that did not fit in an earlier one',
    2,
    9,
    ['ahead 0-5', 'background 1-8'],
    ['ahead 0-1', 'background 1-1'],
  ],
] as const)('of the windows is fetched %s', ([, room, spare, wanted, expected]) => {
  const fitted = fitWindows(
    windows(...wanted),
    { bytes: room * PIECE, spareBytes: spare * PIECE },
    PIECE,
    () => true,
  )
  expect(fitted.windows).toEqual(windows(...expected))
})

test('what is there already needs no room', () => {
  const isMissing = (piece: number) => piece % 2 === 0
  const fitted = fitWindows(windows('urgent 0-9'), { bytes: 3 * PIECE, spareBytes: 0 }, PIECE, isMissing)
  expect(fitted).toEqual({ windows: windows('urgent 0-5'), bytes: 5 * PIECE, neededBytes: 5 * PIECE })
})

test('what is wanted is told in full, however little room there is', () => {
  const wanted = windows('background 0-7', 'ahead 5-9')
  expect(fitWindows(wanted, { bytes: 0, spareBytes: 0 }, PIECE, () => true)).toEqual({
    windows: [],
    bytes: 10 * PIECE,
    neededBytes: 5 * PIECE,
  })
})
