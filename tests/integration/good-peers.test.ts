import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { GoodPeer, PeerSource } from '../../src/domain/bittorrent/good-peers.ts'
import { makeTorrent } from '../support/private-torrent.ts'
import { listenAsPeer } from '../support/raw-peer.ts'
import { startNamingTracker } from '../support/stuck-peers.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const FILM = makeTorrent('Film', {})
const PRIVATE_FILM = makeTorrent('Private film', { private: 1 })

/** Peers on this machine that an earlier run kept with a torrent, in this order; the film is not on disk. */
async function keptPeers(torrent: typeof FILM, sources: readonly PeerSource[]) {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await temporaryFolder())
  const met: PeerSource[] = []
  const peers: GoodPeer[] = []
  for (const source of sources) {
    const { port } = starting.use(await listenAsPeer(torrent.infoHash, () => met.push(source)))
    peers.push({ address: `127.0.0.1:${port}`, isEncrypted: false, source, gaveAt: Date.now() })
  }
  const notes = join(folder.path, torrent.infoHash, '.self-streme')
  await mkdir(notes, { recursive: true })
  const metainfo = Buffer.concat([Buffer.from('d4:info'), torrent.info, Buffer.from('e')])
  await writeFile(join(notes, 'metainfo.torrent'), metainfo)
  await writeFile(join(notes, 'peers.json'), JSON.stringify(peers))
  const parts = starting.move()
  return {
    folder: folder.path,
    /** sources of the peers that were connected to, in the order of their handshakes */
    met,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** A tracker that is asked and does not answer. */
async function startHangingTracker() {
  let asked = 0
  const tracker = await startNamingTracker([], () => {
    asked++
    return new Promise(() => undefined)
  })
  return { ...tracker, asked: () => asked }
}

/** Requests the film; it does not come. */
function watch(url: string, { infoHash }: typeof FILM): Disposable {
  const leaving = new AbortController()
  fetch(`${url}/stream/proxy/${infoHash}/0`, { signal: leaving.signal }).catch(() => undefined)
  return { [Symbol.dispose]: () => leaving.abort() }
}

test('a kept peer is dialled while the tracker has not answered', async () => {
  await using kept = await keptPeers(FILM, ['tracker'])
  await using tracker = await startHangingTracker()
  await using app = await startTestApp({
    TORRENT_DOWNLOAD_PATH: kept.folder,
    TORRENT_TRACKERS: tracker.url,
  })
  using _viewer = watch(app.url, FILM)
  await expect.poll(() => kept.met).toEqual(['tracker'])
  await expect.poll(tracker.asked).toBeGreaterThan(0)
})

test('a kept peer on this machine is dialled only if its source could name it today', async () => {
  await using kept = await keptPeers(FILM, ['dht', 'ut_pex', 'lsd', 'tracker'])
  await using tracker = await startHangingTracker()
  {
    // The only tracker that is left is on the internet, as far as its name tells.
    await using app = await startTestApp({
      TORRENT_DOWNLOAD_PATH: kept.folder,
      TORRENT_TRACKERS: tracker.url.replace('127.0.0.1', 'localhost'),
    })
    using _viewer = watch(app.url, FILM)
    await expect.poll(tracker.asked).toBeGreaterThan(0)
  }
  // They are dialled in one turn, before the tracker is asked.
  expect(kept.met).toEqual([])

  await using app = await startTestApp({
    TORRENT_DOWNLOAD_PATH: kept.folder,
    TORRENT_TRACKERS: tracker.url,
  })
  using _viewer = watch(app.url, FILM)
  await expect.poll(() => kept.met).toEqual(['tracker'])
})

test('of a private torrent only peers are dialled that its own trackers named', async () => {
  await using kept = await keptPeers(PRIVATE_FILM, ['tracker', 'lsd', 'own tracker'])
  await using tracker = await startHangingTracker()
  await using app = await startTestApp({
    TORRENT_DOWNLOAD_PATH: kept.folder,
    TORRENT_TRACKERS: tracker.url,
    TORRENT_LSD: 'true',
  })
  using _viewer = watch(app.url, PRIVATE_FILM)
  await expect.poll(() => kept.met).toEqual(['own tracker'])
})
