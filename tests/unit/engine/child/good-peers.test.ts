import { describe, expect, test } from 'vitest'
import type { GoodPeer, PeerSource } from '../../../../src/domain/bittorrent/good-peers.ts'
import type { Manner } from '../../../../src/engine/child/dialler/candidates.ts'
import { type DialledPeer, GoodPeers, mayRedial } from '../../../../src/engine/child/good-peers.ts'
import { OwnTrackers } from '../../../../src/engine/child/own-trackers.ts'

const NOW = 1_700_000_000_000
const KB = 1_000

function dialled(host: string, bytes: number, more: { source?: string; manner?: Manner } = {}): DialledPeer {
  const { source = 'tracker', manner = 'plain' } = more
  const address = `${host}:6881`
  return { candidate: { address, client: host, source, manner }, wire: { downloaded: bytes } }
}

const good = (host: string, more: Partial<GoodPeer> = {}): GoodPeer => ({
  address: `${host}:6881`,
  isEncrypted: false,
  source: 'tracker',
  gaveAt: NOW,
  ...more,
})

describe('good peers of a torrent', () => {
  test('are those that gave more than 100 KB in a connection, the best first', () => {
    const peers = new GoodPeers([], () => true)
    const connected = [
      dialled('192.0.2.1', 100 * KB),
      dialled('192.0.2.2', 101 * KB, { source: 'dht', manner: 'encrypted' }),
      dialled('192.0.2.3', 900 * KB, { source: 'own tracker', manner: 'careful' }),
    ]
    expect(peers.update(connected, NOW)).toEqual([
      good('192.0.2.3', { source: 'own tracker' }),
      good('192.0.2.2', { source: 'dht', isEncrypted: true }),
    ])
  })

  test('are reported when others have come, not when they give more', () => {
    const peers = new GoodPeers([], () => true)
    expect(peers.update([], NOW)).toBeUndefined()
    const [one, other] = [dialled('192.0.2.1', 200 * KB), dialled('192.0.2.2', 300 * KB)]
    expect(peers.update([one], NOW)).toHaveLength(1)
    expect(peers.update([one, other], NOW)).toHaveLength(2)
    expect(peers.update([dialled('192.0.2.1', 900 * KB), other], NOW + 1_000)).toBeUndefined()
    // They have left, and are still good.
    expect(peers.update([], NOW + 2_000)).toBeUndefined()
    expect(peers.update([dialled('192.0.2.1', 0)], NOW + 3_000)).toBeUndefined()
  })

  test('are kept with those of an earlier run, which get the time at which they gave something again', () => {
    const earlier = [good('192.0.2.1', { gaveAt: NOW - 5_000 }), good('192.0.2.2', { gaveAt: NOW - 5_000 })]
    const peers = new GoodPeers(earlier, () => true)
    expect(peers.update([], NOW)).toBeUndefined()
    expect(peers.update([dialled('192.0.2.2', 200 * KB)], NOW)).toEqual([good('192.0.2.2'), earlier[0]])
  })

  test('are no longer kept when they are banned, or the torrent turns out to be private', () => {
    let isPrivate = false
    const banned = new Set<string>()
    const peers = new GoodPeers(
      [good('192.0.2.9')],
      ({ address, source }) => !banned.has(address) && (!isPrivate || source === 'own tracker'),
    )
    const connected = [
      dialled('192.0.2.1', 900 * KB),
      dialled('192.0.2.2', 800 * KB),
      dialled('192.0.2.3', 700 * KB, { source: 'own tracker' }),
    ]
    expect(peers.update(connected, NOW)).toHaveLength(4)
    banned.add('192.0.2.1:6881')
    expect(peers.update(connected, NOW)?.map(({ address }) => address)).toEqual([
      '192.0.2.2:6881',
      '192.0.2.3:6881',
      '192.0.2.9:6881',
    ])
    isPrivate = true
    expect(peers.update(connected, NOW)).toEqual([good('192.0.2.3', { source: 'own tracker' })])
  })

  test('come from sources that are known, and are twenty at most', () => {
    const peers = new GoodPeers([], () => true)
    const many = Array.from({ length: 50 }, (_, at) => dialled(`198.51.100.${at}`, (200 + at) * KB))
    const kept = peers.update([dialled('192.0.2.1', 900 * KB, { source: 'manual' }), ...many], NOW)
    expect(kept?.map(({ address }) => address)).toEqual(
      Array.from({ length: 20 }, (_, at) => `198.51.100.${49 - at}:6881`),
    )
  })
})

const PUBLIC = '8.8.4.4:6881'
const NETWORK = '192.168.1.9:6881'
const MACHINE = '127.0.0.1:6881'

describe('a kept peer is dialled again', () => {
  const rules = { own: new OwnTrackers([]), lsd: false, isPrivate: false }
  const from = (address: string, source: PeerSource) => good('', { address, source })

  test.for(['own tracker', 'tracker', 'dht', 'ut_pex', 'lsd'] as const)(
    'on the internet, from the source %s; in a private network only if that could name it today',
    (source) => {
      expect(mayRedial(from(PUBLIC, source), rules)).toBe(true)
      for (const address of [NETWORK, MACHINE]) expect(mayRedial(from(address, source), rules)).toBe(false)

      const near = { ...rules, own: new OwnTrackers(['http://192.168.1.2/announce']) }
      const isTracker = source === 'tracker' || source === 'own tracker'
      expect(mayRedial(from(NETWORK, source), near)).toBe(isTracker)
      expect(mayRedial(from(MACHINE, source), near)).toBe(false)
      const here = { ...rules, own: new OwnTrackers(['http://127.0.0.1:1/announce']) }
      expect(mayRedial(from(MACHINE, source), here)).toBe(isTracker)

      const local = { ...rules, lsd: true }
      expect(mayRedial(from(NETWORK, source), local)).toBe(source === 'lsd')
    },
  )

  test('of a private torrent only if one of its own trackers named it', () => {
    const ofPrivate = { ...rules, isPrivate: true }
    expect(mayRedial(from(PUBLIC, 'own tracker'), ofPrivate)).toBe(true)
    for (const source of ['tracker', 'dht', 'ut_pex', 'lsd'] as const)
      expect(mayRedial(from(PUBLIC, source), ofPrivate), source).toBe(false)
  })

  test.for(['0.0.0.0:1', '224.0.0.1:6881', '169.254.169.254:80', 'localhost:6881', '8.8.4.4', '[::1]:0'])(
    'not at %s',
    (address) => {
      const all = { own: new OwnTrackers(['http://127.0.0.1:1/']), lsd: true, isPrivate: false }
      expect(mayRedial(from(address, 'tracker'), all)).toBe(false)
    },
  )
})
