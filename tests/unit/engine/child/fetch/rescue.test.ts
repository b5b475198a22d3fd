import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import { type BlockRequest, Peer } from '../../../../../src/engine/child/fetch/peer.ts'
import { Rescue } from '../../../../../src/engine/child/fetch/rescue.ts'

const TICK = 0.1
const PIECE = 0
const BLOCKS = 8

/** One piece that a reader waits for, peers with fake connections, and a clock moved by hand. */
function scene() {
  let now = 10_000
  const peers = new Map<string, Peer>()
  const suspects = new Set<Peer>()
  const letGo: [name: string, gaveNothing: boolean][] = []
  const nameOf = (peer: Peer) => [...peers].find(([, each]) => each === peer)?.[0] ?? ''
  let assembly: Assembly<Peer> | undefined = new Assembly<Peer>(PIECE, Buffer.alloc(BLOCKS * BLOCK_BYTES))
  const begun = () => (assembly ? [assembly] : [])

  const ask = (peer: Peer, of: Assembly<Peer>, block: number) => {
    peer.requests.push({ assembly: of, block, askedAt: now, ahead: peer.requests.length })
  }
  const rescue = new Rescue(
    peers,
    {
      get begun() {
        return begun()
      },
      get: () => assembly,
      blocksIn: () => BLOCKS,
      isSuspect: (_piece, peer) => suspects.has(peer),
      drop: () => {
        assembly = undefined
      },
    },
    {
      askAsWell: (peer, of, block) => {
        of.ask(block)
        ask(peer, of, block)
      },
      cancel: (peer, which: (request: BlockRequest) => boolean) => {
        for (const request of peer.requests.filter(which)) {
          peer.requests.splice(peer.requests.indexOf(request), 1)
          request.assembly.unask(request.block)
        }
      },
    },
    (peer, gaveNothing) => {
      letGo.push([nameOf(peer), gaveNothing])
      peers.delete(nameOf(peer))
    },
  )

  return {
    peers,
    suspects,
    letGo,
    rescue,
    assembly,
    isBegun: () => assembly !== undefined,
    now: () => now,
    join(name: string): Peer {
      const wire = {
        peerExtendedHandshake: {},
        destroyed: false,
        peerChoking: false,
        peerPieces: { get: () => true },
        request: () => undefined,
      }
      const peer = new Peer(wire as unknown as Wire, now)
      peers.set(name, peer)
      return peer
    },
    /** The peer answers that many blocks per second for one second. */
    serve(peer: Peer, blocksPerSecond: number) {
      const idle = { assembly: begun()[0] as Assembly<Peer>, block: 0, askedAt: now, ahead: 0 }
      peer.requests.push(idle)
      for (let tick = 0; tick < 10; tick++) {
        now += 100
        for (let n = 0; n < blocksPerSecond / 10; n++)
          peer.onBlock(BLOCK_BYTES, { ...idle, askedAt: now - 5 }, now)
        peer.onTick(TICK)
      }
      peer.requests.length = 0
    },
    take(peer: Peer, blocks: number) {
      for (let n = 0; n < blocks; n++) {
        const block = assembly?.takeFree()
        if (assembly && block !== undefined) ask(peer, assembly, block)
      }
    },
    /** Only the clock moves. */
    wait(ms: number) {
      now += ms
    },
    /** Time passes; `giving` delivers a block in each tick. */
    pass(seconds: number, giving?: Peer, isCrowded = false) {
      for (let n = 0; n < seconds / TICK; n++) {
        now += 100
        if (giving && assembly)
          giving.onBlock(BLOCK_BYTES, { assembly, block: 0, askedAt: now - 5, ahead: 0 }, now)
        for (const peer of peers.values()) peer.onTick(TICK)
        rescue.tick(TICK, now, isCrowded)
        rescue.hurry(new Set([PIECE]), now)
      }
    },
    namesAskedFor: (block: number) =>
      [...peers].filter(([, peer]) => peer.requests.some((r) => r.block === block)).map(([name]) => name),
  }
}

test.for([1, 2, 3, 5, 20, 34])(
  'the blocks of %i silent peers are requested from the one that delivers, within half a second',
  (count) => {
    const { join, serve, take, pass, namesAskedFor } = scene()
    const silent = Array.from({ length: count }, (_, n) => join(`silent ${n}`))
    const honest = join('honest')
    serve(honest, 300)
    for (const [n, peer] of silent.entries()) take(peer, n === 0 ? BLOCKS : 0)
    pass(0.5)
    for (let block = 0; block < BLOCKS; block++) expect(namesAskedFor(block)).toContain('honest')
  },
)

test('a peer that has delivered nothing does not help while another peer has', () => {
  const { join, serve, take, pass, namesAskedFor } = scene()
  const first = join('silent')
  for (const name of ['new 1', 'new 2']) join(name)
  serve(join('honest'), 50)
  take(first, BLOCKS)
  pass(0.6)
  expect(namesAskedFor(0)).toEqual(['silent', 'honest'])
})

test('new peers help when no peer has delivered anything', () => {
  const { join, take, pass, namesAskedFor } = scene()
  take(join('silent'), BLOCKS)
  join('new')
  pass(0.6)
  expect(namesAskedFor(0)).toEqual(['silent', 'new'])
})

test('stuck peers hold no block and do not help, however many there are', () => {
  const { join, serve, take, pass, peers, assembly } = scene()
  for (const name of ['a', 'b', 'c']) take(join(name), 2)
  const honest = join('honest')
  serve(honest, 300)
  pass(2.5, honest)
  expect(['a', 'b', 'c'].map((name) => [peers.get(name)?.isStuck, peers.get(name)?.requests.length])).toEqual(
    Array.from({ length: 3 }, () => [true, 0]),
  )
  // Their blocks are requested from the peer that delivers, and from no other.
  expect([0, 1, 2, 3, 4, 5].map((block) => assembly?.askedFor(block))).toEqual([1, 1, 1, 1, 1, 1])
  expect(honest.requests).toHaveLength(6)
})

test('a peer that is silent again after a second request is dropped, with the note whether it ever delivered', () => {
  const { join, serve, take, pass, letGo } = scene()
  take(join('silent'), 2)
  const late = join('gave before')
  serve(late, 10)
  take(late, 2)
  const honest = join('honest')
  serve(honest, 300)
  pass(7, honest)
  expect(letGo).toEqual([['gave before', false]])
  pass(2, honest)
  expect(letGo).toEqual([
    ['gave before', false],
    ['silent', true],
  ])
})

test('when no peer delivers, one is dropped at a time, and only when new peers want the place', () => {
  const { join, take, pass, letGo } = scene()
  for (const name of ['a', 'b', 'c', 'd']) take(join(name), 2)
  pass(20)
  expect(letGo).toEqual([])
  pass(0.1, undefined, true)
  pass(2.8, undefined, true)
  expect(letGo).toEqual([])
  pass(0.3, undefined, true)
  expect(letGo.length).toBeGreaterThan(0)
  expect(letGo.length).toBeLessThan(4)
  expect(letGo[0]).toEqual(['a', false])
})

test('the only peer is asked again for one block after two seconds of silence, and then every five seconds', () => {
  const { join, serve, take, pass, letGo, now } = scene()
  const only = join('only')
  const repeated: number[] = []
  only.wire.request = (piece: number, offset: number) => {
    repeated.push(now())
    expect([piece, offset]).toEqual([PIECE, 0])
  }
  serve(only, 100)
  take(only, 4)
  const since = now()
  pass(1.7)
  expect([only.isStuck, only.requests.length]).toEqual([false, 4])
  pass(11)
  expect([only.isStuck, only.requests.length, letGo]).toEqual([true, 0, []])
  const pauses = repeated.map((at, n) => at - (repeated[n - 1] ?? since))
  expect(pauses[0]).toBeLessThan(2_500)
  expect(pauses.slice(1)).toEqual([5_000, 5_000])
  // One block makes up for all.
  expect(only.onLateBlock(BLOCK_BYTES, PIECE, 0, now())).toBe(true)
  expect(only.isFit).toBe(true)
})

test('a peer that resumes after three seconds stays', () => {
  const { join, serve, take, pass, letGo, now } = scene()
  const pausing = join('pausing')
  serve(pausing, 100)
  take(pausing, 4)
  const honest = join('honest')
  serve(honest, 100)
  pass(3, honest)
  expect(pausing.isStuck).toBe(true)
  expect(pausing.onLateBlock(BLOCK_BYTES, PIECE, 0, now())).toBe(true)
  expect([pausing.isFit, letGo]).toEqual([true, []])
})

test.for([
  ['a new peer', (peer: Peer) => peer],
  ['a peer that only drips', undefined],
] as const)('a piece that must come from one peer does not stay with %s', ([, isNew]) => {
  const { join, serve, pass, assembly, isBegun, suspects, rescue, peers } = scene()
  const bound = join('bound')
  if (!isNew) {
    serve(bound, 10)
    bound.requests.push({ assembly: assembly as Assembly<Peer>, block: 0, askedAt: 0, ahead: 0 })
    for (let n = 0; n < 30; n++) bound.onTick(TICK)
    bound.onLateBlock(0, 0, 0, 0)
  }
  const honest = join('honest')
  serve(honest, 300)
  suspects.add(honest)
  if (assembly) assembly.boundTo = bound
  bound.requests.push({ assembly: assembly as Assembly<Peer>, block: 0, askedAt: 0, ahead: 0 })
  pass(2.5)
  expect(isBegun()).toBe(false)
  expect(rescue.giverOf(PIECE)).toBe(peers.get('honest'))
})

test('a wrong piece is requested from a peer that had no part in it, if that is about as fast', () => {
  const { join, serve, suspects, rescue } = scene()
  const [suspect, innocent, unknown] = [join('suspect'), join('innocent'), join('unknown')]
  serve(suspect, 300)
  serve(innocent, 200)
  suspects.add(suspect)
  expect(rescue.giverOf(PIECE)).toBe(innocent)
  expect(rescue.giverOf(PIECE)).not.toBe(unknown)
})

test('new peers help when no peer that delivered is fast', () => {
  const { join, serve, take, pass, namesAskedFor } = scene()
  const slow = join('slow')
  serve(slow, 1)
  slow.onTick(TICK)
  take(slow, BLOCKS)
  join('new')
  pass(1)
  expect(namesAskedFor(BLOCKS - 1)).toContain('new')
})

test('while a reader starves, useless peers are dropped one by one, and otherwise none', () => {
  const { join, serve, letGo, rescue, now, pass } = scene()
  for (const name of ['a', 'b']) join(name)
  const honest = join('honest')
  for (const _ of [1, 2, 3]) serve(honest, 300)
  rescue.makeRoom(now(), true)
  expect(letGo).toEqual([])
  pass(1.2, honest)
  rescue.makeRoom(now(), true)
  expect(letGo).toEqual([['a', false]])
  rescue.makeRoom(now(), true)
  rescue.makeRoom(now(), true)
  expect(letGo).toEqual([
    ['a', false],
    ['b', false],
  ])
})

/** @returns how many peers each block was requested from */
function askersOf({ assembly, namesAskedFor }: ReturnType<typeof scene>): number[] {
  return Array.from({ length: assembly?.blockCount ?? 0 }, (_, block) => {
    const names = namesAskedFor(block)
    expect(new Set(names).size).toBe(names.length)
    expect(assembly?.askedFor(block)).toBe(names.length)
    return names.length
  })
}

test('a block is requested from four peers at most, and never twice from one', () => {
  const here = scene()
  const { join, take, pass } = here
  const silent = Array.from({ length: 10 }, (_, n) => join(`silent ${n}`))
  take(silent[0] as Peer, BLOCKS)
  pass(1.8)
  expect(new Set(askersOf(here))).toEqual(new Set([4]))
})

test('a block that four silent peers owe is requested from one that gives', () => {
  const here = scene()
  const { join, take, pass, serve, namesAskedFor } = here
  const silent = Array.from({ length: 4 }, (_, n) => join(`silent ${n}`))
  take(silent[0] as Peer, 1)
  pass(1.5)
  expect(namesAskedFor(0)).toHaveLength(4)
  const giving = join('giving')
  serve(giving, 100)
  pass(0.2, giving)
  expect(namesAskedFor(0)).toContain('giving')
})

test('a late block is requested from one more peer each 400 ms, though that is not expected to be faster', () => {
  const here = scene()
  const { join, serve, take, peers, rescue, wait, now } = here
  const names = ['first', 'second', 'third', 'fourth', 'fifth']
  for (const name of names) serve(join(name), 20)
  // Each has other work for a third of a second: no slower than a block that is 400 ms late, but not clearly faster.
  const elsewhere = new Assembly<Peer>(PIECE + 1, Buffer.alloc(BLOCKS * BLOCK_BYTES))
  const asked: number[] = []
  take(peers.get('first') as Peer, 1)
  for (let block = 1; block < BLOCKS; block++)
    here.assembly?.put(block, Buffer.alloc(BLOCK_BYTES), {} as Peer)
  for (const name of names.slice(1)) {
    const peer = peers.get(name) as Peer
    for (let n = 0; n < 6; n++)
      peer.requests.push({ assembly: elsewhere, block: BLOCKS + n, askedAt: now(), ahead: n })
  }
  for (let step = 0; step < 21; step++) {
    rescue.help(PIECE, [...peers.values()], now())
    asked.push(here.namesAskedFor(0).length)
    wait(100)
  }
  expect(asked).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4])
})

test.for([
  ['has given something takes over from one that has not after 200 ms', 20, 0, 200],
  ['is slower than the one that was asked is left alone, however late it is', 4, 20, undefined],
] as const)('a peer that %s', ([, helperPace, askedPace, at]) => {
  const here = scene()
  const { join, serve, take, peers, rescue, wait, now } = here
  const [asked, helper] = [join('asked'), join('helper')]
  if (askedPace > 0) serve(asked, askedPace)
  serve(helper, helperPace)
  const elsewhere = new Assembly<Peer>(PIECE + 1, Buffer.alloc(BLOCKS * BLOCK_BYTES))
  take(asked, 1)
  for (let block = 1; block < BLOCKS; block++)
    here.assembly?.put(block, Buffer.alloc(BLOCK_BYTES), {} as Peer)
  for (let n = 0; n < 12; n++)
    helper.requests.push({ assembly: elsewhere, block: BLOCKS + n, askedAt: now(), ahead: n })
  let took: number | undefined
  for (let ms = 0; ms <= 600 && took === undefined; ms += 50, wait(50)) {
    rescue.help(PIECE, [...peers.values()], now())
    if (here.namesAskedFor(0).includes('helper')) took = ms
  }
  expect(took).toBe(at)
})
