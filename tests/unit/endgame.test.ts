import type Wire from 'bittorrent-protocol'
import type { BlockRequest } from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import type { Torrent } from 'webtorrent'
import { startEndgame } from '../../src/engine/child/endgame.ts'

type Answer = (error: Error | null, chunk: Uint8Array | null) => void

/** A peer that has everything and answers when it is told to. */
class FakeWire {
  readonly requests: BlockRequest[] = []
  readonly cancelled: number[] = []
  readonly peerChoking = false
  readonly destroyed = false
  readonly peerPieces = { get: () => true }

  request(piece: number, offset: number, length: number, callback: Answer): void {
    this.requests.push({ piece, offset, length, callback })
  }

  cancel(piece: number, offset: number): void {
    this.cancelled.push(offset)
    const index = this.requests.findIndex((request) => request.piece === piece && request.offset === offset)
    this.requests.splice(index, 1)[0]?.callback(new Error('cancelled'), null)
  }

  _message(id: number, [, offset = -1]: readonly number[]): void {
    if (id === 8) this.cancelled.push(offset)
  }

  answer(offset: number, chunk: Uint8Array): void {
    const index = this.requests.findIndex((request) => request.offset === offset)
    this.requests.splice(index, 1)[0]?.callback(null, chunk)
  }
}

function swarmOf(...wires: FakeWire[]): Torrent {
  return { destroyed: false, wires: wires as unknown as Wire[] } as unknown as Torrent
}

test('a block that a reader waits for is asked of an idle peer too, and the first answer counts', async () => {
  const [slow, idle] = [new FakeWire(), new FakeWire()]
  const came: Uint8Array[] = []
  slow.request(7, 0, 16_384, (_error, chunk) => chunk && came.push(chunk))
  using _endgame = startEndgame(swarmOf(slow, idle), () => [7])

  await expect.poll(() => idle.requests.length).toBe(1)
  const block = new Uint8Array(16_384)
  idle.answer(0, block)
  expect(came).toEqual([block])
  expect(slow.requests).toEqual([])
  expect(slow.cancelled).toEqual([0])
})

test('when the first peer answers after all, the second request is called back', async () => {
  const [slow, idle] = [new FakeWire(), new FakeWire()]
  let answers = 0
  slow.request(7, 0, 16_384, () => answers++)
  using _endgame = startEndgame(swarmOf(slow, idle), () => [7])

  await expect.poll(() => idle.requests.length).toBe(1)
  slow.answer(0, new Uint8Array(16_384))
  await expect.poll(() => idle.cancelled).toEqual([0])
  expect(answers).toBe(1)
})

test('peers that have something to do are left alone, and so are pieces that nobody waits for', async () => {
  const [slow, busy] = [new FakeWire(), new FakeWire()]
  slow.request(7, 0, 16_384, () => undefined)
  for (let n = 0; n < 4; n++) busy.request(8, n * 16_384, 16_384, () => undefined)
  let looked = 0
  using _endgame = startEndgame(swarmOf(slow, busy), () => {
    looked++
    return [7]
  })
  await expect.poll(() => looked).toBeGreaterThan(5)
  expect(busy.requests.filter(({ piece }) => piece === 7)).toEqual([])
})
