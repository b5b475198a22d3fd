import { EventEmitter, once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DhtClient } from 'webtorrent'
import type { DhtNode } from '../../src/domain/bittorrent/dht-nodes.ts'
import { keepDhtTable } from '../../src/engine/child/dht-table.ts'

const KEPT: DhtNode = { id: 'ab'.repeat(20), host: '8.8.4.4', port: 6881, seenAt: 5 }

function fakeDht() {
  const added: object[] = []
  const nodes: ReturnType<DhtClient['nodes']['toArray']>[number][] = []
  const dht = Object.assign(new EventEmitter(), {
    addNode: (node: object) => void added.push(node),
    nodes: { toArray: () => nodes },
    _rpc: { socket: { query: () => 1 } },
  })
  return { dht, added, nodes }
}

test('kept nodes are in the table before the DHT asks a bootstrap host, without a ping', async () => {
  const { dht, added } = fakeDht()
  keepDhtTable(dht, [KEPT], () => undefined)
  expect(added).toEqual([{ id: KEPT.id, host: '8.8.4.4', port: 6881 }])
})

test('the table is reported when the first search has ended, and every five minutes', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { dht, nodes } = fakeDht()
  const reports: number[] = []
  const table = keepDhtTable(dht, [], (reported) => reports.push(reported.length))
  nodes.push({ id: Buffer.alloc(20, 0xcd), host: '8.8.4.4', port: 1, seen: 7 })
  // Not heard from yet; and of our own network, which is never asked.
  nodes.push({ id: Buffer.alloc(20, 1), host: '1.1.1.1', port: 1 })
  nodes.push({ id: Buffer.alloc(20, 2), host: '192.168.1.1', port: 1, seen: 7 })
  const ready = once(dht, 'ready')
  dht.emit('ready')
  await ready
  expect(reports).toEqual([1])
  vi.advanceTimersByTime(299_999)
  expect(reports).toEqual([1])
  vi.advanceTimersByTime(300_001)
  expect(reports).toEqual([1, 1, 1])
  expect(table.nodes()).toEqual([{ id: 'cd'.repeat(20), host: '8.8.4.4', port: 1, seenAt: 7 }])
})
