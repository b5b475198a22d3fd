import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import type { Torrent } from 'webtorrent'
import { honourEarlyUnchoke } from '../../../../src/engine/child/early-unchoke.ts'

function swarmOf(...choking: readonly boolean[]) {
  const wires = choking.map((peerChoking) =>
    Object.assign(new EventEmitter(), { peerChoking, destroyed: false }),
  )
  const torrent = Object.assign(new EventEmitter(), { wires })
  honourEarlyUnchoke(torrent as unknown as Torrent)
  const heard: number[] = []
  for (const [n, wire] of wires.entries()) wire.on('unchoke', () => heard.push(n))
  return { torrent, wires, heard }
}

const settled = () => new Promise((done) => setImmediate(done))

test('peers that unchoked us before the metadata was known are reported again when it is', async () => {
  const { torrent, heard } = swarmOf(false, true, false)
  torrent.emit('ready')
  await settled()
  expect(heard).toEqual([0, 2])
})

test('a peer that unchokes us with its handshake is reported again', async () => {
  const { torrent, wires, heard } = swarmOf(false, true)
  for (const wire of wires) torrent.emit('wire', wire)
  await settled()
  expect(heard).toEqual([0])
})
