import { expect, test } from 'vitest'
import type { PieceWindow } from '../../../../src/engine/engine.ts'
import { fitWindows } from '../../../../src/torrents/fetching/fit-windows.ts'

const PIECE = 100

/** Windows from text, such as `urgent 3-7`. */
function windows(...texts: string[]): PieceWindow[] {
  return texts.map((text) => {
    const [, priority, from, to] = /^(urgent|ahead|background) (\d+)-(\d+)$/.exec(text) ?? []
    return { from: Number(from), to: Number(to), priority: priority as PieceWindow['priority'] }
  })
}

test.for([
  [
    'all of it, if there is enough space',
    10,
    10,
    ['urgent 0-3', 'background 4-9'],
    ['urgent 0-3', 'background 4-9'],
  ],
  ['no more pieces than fit', 5, 5, ['urgent 0-3', 'ahead 4-9'], ['urgent 0-3', 'ahead 4-4']],
  ['nothing without space', 0, 0, ['urgent 0-3', 'ahead 4-9', 'background 10-12'], []],
  [
    'urgent windows before the others',
    3,
    3,
    ['background 0-9', 'ahead 10-19', 'urgent 20-29'],
    ['urgent 20-22'],
  ],
  [
    'only the spare space in the background',
    9,
    2,
    ['urgent 0-3', 'background 4-9'],
    ['urgent 0-3', 'background 4-5'],
  ],
  ['what readers need, without spare space', 9, 0, ['ahead 0-3', 'background 4-9'], ['ahead 0-3']],
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
] as const)('the windows are cut to the space on disk: %s', ([, room, spare, wanted, expected]) => {
  const fitted = fitWindows(
    windows(...wanted),
    { bytes: room * PIECE, spareBytes: spare * PIECE },
    PIECE,
    () => true,
  )
  expect(fitted.windows).toEqual(windows(...expected))
})

test('pieces that are there need no space', () => {
  const isMissing = (piece: number) => piece % 2 === 0
  const fitted = fitWindows(windows('urgent 0-9'), { bytes: 3 * PIECE, spareBytes: 0 }, PIECE, isMissing)
  expect(fitted).toEqual({ windows: windows('urgent 0-5'), bytes: 5 * PIECE, neededBytes: 5 * PIECE })
})

test('the demand is reported in full, however little space there is', () => {
  const wanted = windows('background 0-7', 'ahead 5-9')
  expect(fitWindows(wanted, { bytes: 0, spareBytes: 0 }, PIECE, () => true)).toEqual({
    windows: [],
    bytes: 10 * PIECE,
    neededBytes: 5 * PIECE,
  })
})
