import { expect, test } from 'vitest'
import {
  type DhtNode,
  nodesToKeep,
  parseDhtNodes,
  writeDhtNodes,
} from '../../../../src/domain/bittorrent/dht-nodes.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 1_000 * DAY_MS
const ID = 'ab'.repeat(20)

const node = (host: string, more: Partial<DhtNode> = {}): DhtNode => ({
  id: ID,
  host,
  port: 6881,
  seenAt: NOW,
  ...more,
})

test('of the nodes of the DHT, the 200 that were seen last are kept', () => {
  const all = Array.from({ length: 250 }, (_, at) =>
    node(`8.${at}.4.4`, { seenAt: NOW - ((at * 7) % 250) * 1_000 }),
  )
  const kept = nodesToKeep(all, NOW)
  expect(kept).toHaveLength(200)
  expect(kept.map(({ seenAt }) => seenAt)).toEqual(Array.from({ length: 200 }, (_, at) => NOW - at * 1_000))
})

test('a node that was not seen for a week is not kept', () => {
  const young = node('8.8.4.4', { seenAt: NOW - 6 * DAY_MS })
  expect(nodesToKeep([node('8.8.8.8', { seenAt: NOW - 8 * DAY_MS }), young], NOW)).toEqual([young])
})

test('of each host one node is kept, the one that was seen last', () => {
  const last = node('8.8.4.4', { port: 3, seenAt: NOW })
  const others = [1, 2].map((port) => node('8.8.4.4', { port, seenAt: NOW - port }))
  expect(nodesToKeep([...others, last], NOW)).toEqual([last])
})

test('nodes are read as they were written', () => {
  const nodes = [node('8.8.4.4'), node('1.1.1.1', { id: '0'.repeat(40), port: 65_535, seenAt: 0 })]
  expect(parseDhtNodes(writeDhtNodes(nodes))).toEqual(nodes)
  expect(writeDhtNodes([])).toBe('')
})

const LINE = `${ID} 8.8.4.4:6881 1700000000000`

test.for([
  '',
  'x',
  LINE.slice(1),
  LINE.toUpperCase(),
  ` ${LINE}`,
  `${LINE} x`,
  `${LINE}0000`,
  LINE.replace(ID, `${ID}ab`),
  LINE.replace('6881', '0'),
  LINE.replace('6881', '65536'),
  LINE.replace('6881', '-1'),
  LINE.replace(':6881', ''),
  LINE.replace('17', '-17'),
  LINE.replace('17', '1.7'),
  // Private, of this machine, not of a host, or no address.
  ...['10.0.0.1', '192.168.1.1', '127.0.0.1', '100.64.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0'].map(
    (host) => LINE.replace('8.8.4.4', host),
  ),
  ...['8.8.4', '8.8.4.4.4', '8.8.4.256', '[2001:db8::1]', 'router.example.org'].map((host) =>
    LINE.replace('8.8.4.4', host),
  ),
])('a line %j of the file of nodes is left out', (line) => {
  expect(parseDhtNodes(`${LINE}\n${line}\n${LINE.replace('8.8.4.4', '1.1.1.1')}\n`)).toHaveLength(2)
})
