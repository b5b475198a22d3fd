import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { limitsFor } from '../../../src/domain/clients/client-limits.ts'
import { IDLE_AFTER_MS, type Viewer } from '../../../src/domain/clients/viewer.ts'
import type { SelfStremeError } from '../../../src/domain/errors.ts'
import type { Log } from '../../../src/observe/log.ts'
import { type SlotHolder, SwarmSlots } from '../../../src/torrents/swarm-slots.ts'
import type { Purpose, Standing } from '../../../src/torrents/torrent-users.ts'

const INFO = {} as TorrentInfo
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }

function ignore(): void {
  // Not tested.
}

type FakeTorrent = { -readonly [Key in keyof SlotHolder]: SlotHolder[Key] } & {
  replans: number
  reason?: SelfStremeError
}

interface More extends Partial<FakeTorrent> {
  readonly viewers?: readonly Viewer[] | undefined
  readonly lastUsedAt?: number
}

function fakeTorrent(name: string, more: More = {}): FakeTorrent {
  const users = { viewers: 'viewers' in more ? more.viewers : [], lastUsedAt: more.lastUsedAt ?? 0 }
  const torrent: FakeTorrent = {
    infoHash: name as InfoHash,
    isInSwarm: true,
    isDry: false,
    standing: 'idle',
    info: INFO,
    users,
    lookedForSince: undefined,
    replans: 0,
    async leaveSwarm() {
      torrent.isInSwarm = false
    },
    async giveWay(reason) {
      torrent.reason = reason
      torrent.isInSwarm = false
    },
    replan: () => void torrent.replans++,
    ...more,
  }
  return torrent
}

function viewer(client: string, idleSince?: number): Viewer {
  return { client, idleSince, end: ignore }
}

/** Slots that some torrents have, and a newcomer. */
async function newcomerAt(most: number, purpose: Purpose, taken: FakeTorrent[], more: More = {}) {
  const newcomer = fakeTorrent('newcomer', { isInSwarm: false, standing: 'used', ...more })
  const slots = new SwarmSlots(most, () => [...taken, newcomer], silent)
  let joined = 0
  await slots.take(newcomer, purpose, () => void joined++)
  expect(joined).toBe(1)
  return taken.filter(({ isInSwarm }) => !isInSwarm).map(({ infoHash }) => infoHash)
}

test('a newcomer takes a free slot, and no torrent leaves', async () => {
  expect(await newcomerAt(2, 'guess', [fakeTorrent('a')])).toEqual([])
})

test('a torrent that is in the swarm already needs no second slot', async () => {
  expect(await newcomerAt(1, 'watch', [], { isInSwarm: true })).toEqual([])
})

describe('when all slots are taken', () => {
  const STANDINGS: readonly Standing[] = ['idle', 'guessed', 'wanted', 'used']
  /** Whether a torrent of a standing leaves for a newcomer with a purpose. */
  const LEAVES: Readonly<Record<Purpose, readonly Standing[]>> = {
    guess: ['idle'],
    fetch: ['idle', 'guessed'],
    watch: ['idle', 'guessed', 'wanted'],
  }
  const CASES = (['guess', 'fetch', 'watch'] as const).flatMap((purpose) =>
    STANDINGS.map((standing) => ({ purpose, standing, leaves: LEAVES[purpose].includes(standing) })),
  )

  test.for(CASES)(
    'a torrent that is $standing leaves for $purpose: $leaves',
    async ({ purpose, standing, leaves }) => {
      const taken = [fakeTorrent('a', { standing })]
      const taking = newcomerAt(1, purpose, taken)
      if (leaves) expect(await taking).toEqual(['a'])
      else await expect(taking).rejects.toMatchObject({ code: 'torrent.busy' })
    },
  )

  test('the torrent with the lowest standing leaves first, then one without metadata, then the one unused for longest', async () => {
    const taken = () => [
      fakeTorrent('wanted', { standing: 'wanted', lastUsedAt: 0 }),
      fakeTorrent('young', { lastUsedAt: 9 }),
      fakeTorrent('old', { lastUsedAt: 1 }),
      fakeTorrent('looked for', { lastUsedAt: 9, info: undefined }),
    ]
    expect(await newcomerAt(4, 'watch', taken())).toEqual(['looked for'])
    expect(await newcomerAt(4, 'watch', taken().slice(0, 3))).toEqual([])
    expect(await newcomerAt(3, 'watch', taken().slice(0, 3))).toEqual(['old'])
    expect(await newcomerAt(1, 'watch', taken().slice(0, 3))).toEqual(['wanted', 'young', 'old'])
  })

  test('a client with two torrents loses one to a client with none', async () => {
    const taken = [
      fakeTorrent('a', { standing: 'used', viewers: [viewer('rich')], lastUsedAt: 1 }),
      fakeTorrent('b', { standing: 'used', viewers: [viewer('rich')], lastUsedAt: 2 }),
    ]
    expect(await newcomerAt(2, 'watch', taken, { viewers: [viewer('poor')] })).toEqual(['a'])
    expect(taken[0]?.reason).toMatchObject({ code: 'torrent.busy' })
  })

  test('a viewer that reads nothing gives way to one with as few torrents, and a reading viewer does not', async () => {
    const idleSince = performance.now() - IDLE_AFTER_MS - 1
    const reading = [fakeTorrent('a', { standing: 'used', viewers: [viewer('one')] })]
    const idle = [fakeTorrent('a', { standing: 'used', viewers: [viewer('one', idleSince)] })]
    const more = { viewers: [viewer('two')] }
    expect(await newcomerAt(1, 'watch', idle, more)).toEqual(['a'])
    await expect(newcomerAt(1, 'watch', reading, more)).rejects.toMatchObject({ code: 'torrent.busy' })
  })

  test('a lookup that found nothing for a while gives way', async () => {
    const lookedForSince = performance.now() - IDLE_AFTER_MS - 1
    const lookup = { standing: 'used' as const, info: undefined, lookedForSince, viewers: [viewer('one')] }
    const more = { viewers: [viewer('two')] }
    expect(await newcomerAt(1, 'watch', [fakeTorrent('a', lookup)], more)).toEqual(['a'])
  })

  test('a torrent with a lease of no viewer never gives way', async () => {
    const taken = [fakeTorrent('a', { standing: 'used', viewers: undefined })]
    await expect(newcomerAt(1, 'watch', taken, { viewers: [viewer('two')] })).rejects.toMatchObject({
      code: 'torrent.busy',
      message: expect.stringContaining('TORRENT_MAX_CONNECTIONS'),
    })
  })
})

test('a client that looks for more torrents than it may loses its oldest lookup, though slots are free', async () => {
  const { lookups } = limitsFor('one')
  const taken = Array.from({ length: lookups }, (_, at) =>
    fakeTorrent(`lookup ${at}`, {
      standing: 'used',
      info: undefined,
      lookedForSince: at,
      viewers: [viewer('one')],
    }),
  )
  const more = { info: undefined, viewers: [viewer('one')] }
  expect(await newcomerAt(100, 'watch', taken, more)).toEqual(['lookup 0'])
})

test('the free slots are what the torrents in the swarm leave', () => {
  const torrents = [fakeTorrent('a'), fakeTorrent('b', { isInSwarm: false })]
  expect(new SwarmSlots(1, () => torrents, silent).hasFree).toBe(false)
  const two = new SwarmSlots(2, () => torrents, silent)
  expect([two.hasFree, two.taken.map(({ infoHash }) => infoHash)]).toEqual([true, ['a']])
})

test('a torrent whose reader runs dry makes all others wait, and not itself', () => {
  const [dry, other] = [fakeTorrent('a', { isDry: true }), fakeTorrent('b')]
  const slots = new SwarmSlots(2, () => [dry, other], silent)
  expect([slots.isDryElsewhere(dry), slots.isDryElsewhere(other)]).toEqual([false, true])
  slots.onDryChanged(dry)
  expect([dry.replans, other.replans]).toEqual([0, 1])
})
