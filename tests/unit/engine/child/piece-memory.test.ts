import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type PieceHolder, PieceMemory } from '../../../../src/engine/child/piece-memory.ts'
import type { HeldPiece } from '../../../../src/engine/child/piece-need.ts'

const PIECE = 1024 * 1024
/** memory for four pieces, the last one for viewers only */
const MAX = 4 * PIECE

type Need = HeldPiece['need']

/** A torrent whose pieces are all equally long and arrive when the test says so. */
class FakeTorrent implements PieceHolder {
  readonly held: { bytes: Buffer; need: Need; progress: number }[] = []
  readonly dropped: Need[] = []
  hasViewer = false
  freed = 0
  readonly #memory: PieceMemory

  constructor(memory: PieceMemory) {
    this.#memory = memory
    memory.join(this)
  }

  /** Asks for memory as the fetcher does. @returns whether a piece was started */
  begin(need: Need, length = PIECE): boolean {
    if (need === 'waited for') this.hasViewer = true
    if (!this.#memory.hasRoomFor(this, length, need === 'waited for')) return false
    this.held.push({ bytes: this.#memory.take(this, length), need, progress: 0 })
    return true
  }

  finish(index = 0): void {
    const [piece] = this.held.splice(index, 1)
    if (piece) this.#memory.giveBack(piece.bytes)
  }

  *heldPieces(): Generator<HeldPiece> {
    for (const piece of [...this.held]) {
      yield {
        ...piece,
        drop: () => {
          this.dropped.push(piece.need)
          this.finish(this.held.indexOf(piece))
        },
      }
    }
  }

  onMemoryFree(): void {
    this.freed++
  }
}

function newMemory() {
  const clock = { now: 0 }
  const memory = new PieceMemory(MAX, PIECE, () => clock.now)
  const torrents = (count: number) => Array.from({ length: count }, () => new FakeTorrent(memory))
  /** Time passes while a torrent keeps asking. */
  const asks = async (torrent: FakeTorrent, need: Need, ms: number) => {
    for (const end = clock.now + ms; clock.now < end; clock.now += 100) {
      if (torrent.begin(need)) return true
      await turn()
    }
    return torrent.begin(need)
  }
  return { clock, memory, torrents, asks }
}

test.for(['background', 'waited for', 'ahead'] as const)(
  'pieces %s of any number of torrents stay within the bound, and every torrent gets its turn',
  async (need) => {
    const { clock, memory, torrents } = newMemory()
    const all = torrents(25)
    const turns = new Map(all.map((torrent) => [torrent, 0]))
    for (let round = 0; round < 60; round++) {
      for (const torrent of all) {
        while (torrent.begin(need)) turns.set(torrent, (turns.get(torrent) ?? 0) + 1)
        expect(memory.usedBytes).toBeLessThanOrEqual(MAX)
      }
      clock.now += 100
      await turn()
      for (const torrent of all) torrent.finish()
    }
    expect(Math.min(...turns.values())).toBeGreaterThan(2)
  },
)

test('a viewer gets memory beside any number of background pieces', async () => {
  const { memory, torrents } = newMemory()
  const [viewer, ...others] = torrents(5) as [FakeTorrent, ...FakeTorrent[]]
  expect(others.map((torrent) => torrent.begin('background'))).toEqual([true, true, true, false])
  expect(viewer.begin('waited for')).toBe(true)
  expect(memory.usedBytes).toBe(MAX)
})

test('a background piece gives way to a viewer at once, the least complete first', async () => {
  const { clock, torrents, asks } = newMemory()
  const [first, second, far, near, begun] = torrents(5) as FakeTorrent[] as [
    FakeTorrent,
    FakeTorrent,
    FakeTorrent,
    FakeTorrent,
    FakeTorrent,
  ]
  for (const torrent of [far, near, begun]) torrent.begin('background')
  for (const [torrent, progress] of [
    [far, 0.9],
    [near, 0.1],
    [begun, 0.5],
  ] as const)
    Object.assign(torrent.held[0] ?? {}, { progress })
  expect(first.begin('waited for')).toBe(true)
  expect(await asks(second, 'waited for', 200)).toBe(true)
  expect([far.dropped, near.dropped, begun.dropped]).toEqual([[], ['background'], []])
  expect(clock.now).toBeLessThanOrEqual(200)
})

test.for([
  ['none', 0],
  ['background', 0],
  ['refused', 0],
  ['ahead', 2_000],
  ['waited for', 5_000],
] as const)('a piece that is %s gives way to a viewer without any piece after %d ms', async ([need, ms]) => {
  const { clock, torrents, asks } = newMemory()
  const [viewer, ...others] = torrents(5) as [FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) expect(torrent.begin('waited for')).toBe(true)
  for (const { held } of others) for (const piece of held) piece.need = need
  expect(await asks(viewer, 'waited for', 30_000)).toBe(true)
  expect(clock.now).toBeGreaterThanOrEqual(ms)
  expect(clock.now).toBeLessThanOrEqual(ms + 400)
  expect(others.flatMap(({ dropped }) => dropped)).toEqual([need])
})

test('a piece that arrives fast enough for its viewer is not dropped for another viewer', async () => {
  const { clock, torrents, asks } = newMemory()
  const [viewer, ...others] = torrents(5) as [FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('waited for')
  for (let second = 1; second < 100; second++) {
    for (const { held } of others) for (const piece of held) piece.progress = second / 100
    expect(await asks(viewer, 'waited for', 1_000)).toBe(false)
  }
  others[0]?.finish()
  await turn()
  expect(viewer.freed).toBeGreaterThan(0)
  expect(viewer.begin('waited for')).toBe(true)
  expect(others.flatMap(({ dropped }) => dropped)).toEqual([])
  expect(clock.now).toBeGreaterThan(90_000)
})

test('a piece that would arrive too late for its viewer gives way to another viewer, though it progresses', async () => {
  const { clock, torrents, asks } = newMemory()
  const [viewer, ...others] = torrents(5) as [FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('waited for')
  for (let second = 1; second < 100; second++) {
    for (const [index, { held }] of others.entries())
      for (const piece of held) piece.progress = second / (index === 2 ? 200 : 100)
    if (await asks(viewer, 'waited for', 1_000)) break
  }
  expect(others.map(({ dropped }) => dropped.length)).toEqual([0, 0, 1, 0])
  expect(clock.now).toBeLessThan(12_000)
})

test('pieces do not count as stalled while the engine was busy or could not fetch', async () => {
  const { clock, torrents, asks } = newMemory()
  const [viewer, ...others] = torrents(5) as [FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('waited for')
  expect(await asks(viewer, 'waited for', 1_000)).toBe(false)
  for (const { held } of others) for (const piece of held) piece.progress = 0.5
  clock.now += 40_000
  expect(await asks(viewer, 'waited for', 4_000)).toBe(false)
  expect(others.flatMap(({ dropped }) => dropped)).toEqual([])
  expect(await asks(viewer, 'waited for', 3_000)).toBe(true)
})

test('a torrent without viewers waits for pieces that progress, and replaces a stalled one', async () => {
  const { torrents, asks } = newMemory()
  const [waiting, ...others] = torrents(4) as [FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('background')
  for (let second = 1; second <= 20; second++) {
    for (const { held } of others.slice(0, 2)) for (const piece of held) piece.progress = second / 100
    if (await asks(waiting, 'background', 1_000)) break
  }
  expect(waiting.held).toHaveLength(1)
  expect(others.map(({ dropped }) => dropped)).toEqual([[], [], ['background']])
})

test('a waiting viewer comes before torrents without viewers, and before the next piece of other viewers', async () => {
  const { torrents } = newMemory()
  const [waiting, late, ...others] = torrents(6) as [FakeTorrent, FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('waited for')
  expect([late.begin('background'), waiting.begin('waited for')]).toEqual([false, false])
  const [first] = others as [FakeTorrent]
  first.finish()
  expect([first.begin('waited for'), first.begin('ahead'), late.begin('background')]).toEqual([
    false,
    false,
    false,
  ])
  expect(waiting.begin('waited for')).toBe(true)
})

test('a torrent that stops asking loses its place in the queue', async () => {
  const { clock, torrents } = newMemory()
  const [gone, late, ...others] = torrents(6) as [FakeTorrent, FakeTorrent, ...FakeTorrent[]]
  for (const torrent of others) torrent.begin('waited for')
  expect(gone.begin('waited for')).toBe(false)
  clock.now += 100
  expect(late.begin('waited for')).toBe(false)
  others[0]?.finish()
  expect(late.begin('waited for')).toBe(false)
  clock.now += 1_000
  expect(late.begin('waited for')).toBe(true)
})

const LONGER = 4 * PIECE

test.for(['waited for', 'ahead', 'background'] as const)(
  'one piece longer than all memory of the others, %s, gets memory and blocks no other torrent',
  (need) => {
    const { memory, torrents } = newMemory()
    const [first, second, third, fourth] = torrents(4) as [FakeTorrent, FakeTorrent, FakeTorrent, FakeTorrent]
    expect(first.begin(need, LONGER)).toBe(true)
    expect([second.begin('background'), third.begin('background')]).toEqual([true, true])
    expect([fourth.begin('background'), fourth.begin('waited for')]).toEqual([false, true])
    expect(memory.usedBytes).toBe(LONGER + 3 * PIECE)
    expect(first.dropped).toEqual([])
  },
)

test('only one overlong piece is held at a time, even if there is memory', async () => {
  const { memory, torrents } = newMemory()
  const [first, second] = torrents(2) as [FakeTorrent, FakeTorrent]
  expect(first.begin('waited for', LONGER)).toBe(true)
  expect(second.begin('waited for', LONGER)).toBe(false)
  await turn()
  expect([second.begin('waited for', LONGER), first.dropped]).toEqual([false, []])
  first.finish()
  expect(second.begin('waited for', LONGER)).toBe(true)
  expect(memory.usedBytes).toBe(LONGER)
})

test('an overlong background piece gives way to the overlong piece of a viewer, and shorter pieces do not', async () => {
  const { torrents } = newMemory()
  const [viewer, behind, other] = torrents(3) as [FakeTorrent, FakeTorrent, FakeTorrent]
  expect([behind.begin('background', LONGER), other.begin('background')]).toEqual([true, true])
  expect(viewer.begin('waited for', LONGER)).toBe(false)
  await turn()
  expect([behind.dropped, other.dropped]).toEqual([['background'], []])
  expect(viewer.begin('waited for', LONGER)).toBe(true)
})

test('returned memory is free at once', () => {
  const memory = new PieceMemory(2 * 64 * PIECE, 64 * PIECE)
  const torrent = new FakeTorrent(memory)
  const bytes = memory.take(torrent, 64 * PIECE)
  memory.giveBack(bytes)
  expect([memory.usedBytes, bytes.length, bytes.buffer.byteLength]).toEqual([0, 0, 0])
  memory.giveBack(bytes)
  expect(memory.usedBytes).toBe(0)
})
