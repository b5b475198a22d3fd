import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { GoodPeer } from '../../src/domain/bittorrent/good-peers.ts'
import { type KeptPeers, readGoodPeers, saveGoodPeers } from '../../src/storage/folder-state.ts'
import { PeerKeeper } from '../../src/torrents/content/peer-keeper.ts'
import { recordingLog } from '../support/recording-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PEER: GoodPeer = {
  address: '203.0.113.9:6881',
  isEncrypted: true,
  source: 'dht',
  gaveAt: 1_700_000_000_000,
}
const PEER_6: GoodPeer = {
  address: '[2001:db8::9]:6881',
  isEncrypted: false,
  source: 'own tracker',
  gaveAt: 0,
}

/** A folder of ours, and the path of the note with the peers. */
async function torrentFolder() {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, '.self-streme'))
  return { ...folder, note: join(folder.path, '.self-streme', 'peers.json') }
}

test('kept peers are read as they were saved, and can be read by the user of the server only', async () => {
  await using folder = await torrentFolder()
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [] })
  await saveGoodPeers(folder.path, [PEER, PEER_6])
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [PEER, PEER_6] })
  expect((await stat(folder.note)).mode & 0o777).toBe(0o600)
  await chmod(folder.note, 0o644)
  await saveGoodPeers(folder.path, [PEER])
  expect((await stat(folder.note)).mode & 0o777).toBe(0o600)
})

const with_ = (more: object) => JSON.stringify([{ ...PEER, ...more }])

test.for([
  '',
  '[',
  'null',
  '{}',
  '[null]',
  '["203.0.113.9:6881"]',
  with_({ address: '203.0.113.9' }),
  with_({ address: 'router.lan:80' }),
  with_({ address: '203.0.113.9:99999' }),
  with_({ address: 5 }),
  with_({ isEncrypted: 'yes' }),
  with_({ source: 'manual' }),
  with_({ gaveAt: -1 }),
  with_({ gaveAt: '1' }),
  with_({ gaveAt: undefined }),
  JSON.stringify(Array.from({ length: 21 }, () => PEER)),
  JSON.stringify([PEER]).padEnd(9_000),
])('a note of peers with the content %.60j is not used, and replaced', async (text) => {
  await using folder = await torrentFolder()
  await writeFile(folder.note, text)
  const kept = await readGoodPeers(folder.path)
  expect(kept).toEqual({ peers: [], refused: expect.any(String) })

  const { log, events } = recordingLog()
  const keeper = new PeerKeeper({ directory: folder.path, goodPeers: kept }, log)
  expect(events.debug).toEqual([[expect.stringContaining('not used'), expect.anything()]])
  expect(keeper.peers).toEqual([])
  await keeper.save(true)
  expect(await readFile(folder.note, 'utf8')).toBe('[]')
  expect([events.warn, events.error, events.debug.length]).toEqual([[], [], 1])
})

test('a link in the place of the note is not followed, for reading or writing', async () => {
  await using folder = await torrentFolder()
  const elsewhere = join(folder.path, 'elsewhere')
  await writeFile(elsewhere, JSON.stringify([PEER]))
  await symlink(elsewhere, folder.note)
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [], refused: expect.any(String) })
  await saveGoodPeers(folder.path, [])
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [] })
  expect(await readFile(elsewhere, 'utf8')).toBe(JSON.stringify([PEER]))
})

/** A keeper with a clock that stands still. */
function keeperAt(directory: string, goodPeers?: KeptPeers) {
  const clock = { now: 0 }
  const { log, events } = recordingLog()
  return { clock, events, keeper: new PeerKeeper({ directory, goodPeers }, log, () => clock.now) }
}

test('the first peers are saved at once, later ones after 30 s, and all of them at the end', async () => {
  await using folder = await torrentFolder()
  const { clock, keeper } = keeperAt(folder.path, { peers: [PEER_6] })
  expect(keeper.peers).toEqual([PEER_6])
  await keeper.save(true)
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [] })

  keeper.note([PEER])
  await expect.poll(() => readGoodPeers(folder.path)).toEqual({ peers: [PEER] })
  keeper.note([PEER, PEER_6])
  expect(keeper.peers).toEqual([PEER, PEER_6])
  clock.now = 29_999
  await keeper.save()
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [PEER] })
  clock.now = 30_000
  await keeper.save()
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [PEER, PEER_6] })

  keeper.note([PEER_6])
  await keeper.save(true)
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [PEER_6] })
})

test('a note that cannot be written is tried again, and is not reported loudly', async () => {
  await using folder = await temporaryFolder()
  const { clock, keeper, events } = keeperAt(folder.path)
  keeper.note([PEER])
  await expect.poll(() => events.debug).toHaveLength(1)
  expect([events.warn, events.error]).toEqual([[], []])
  await mkdir(join(folder.path, '.self-streme'))
  clock.now = 30_000
  await keeper.save()
  expect(await readGoodPeers(folder.path)).toEqual({ peers: [PEER] })
})
