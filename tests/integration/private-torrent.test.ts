import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { startLocalServer } from '../support/local-server.ts'
import { giveMetadata, makeTorrent } from '../support/private-torrent.ts'
import { childrenOf } from '../support/processes.ts'
import { connectPeer, freePort, listenAsPeer, type RawPeer } from '../support/raw-peer.ts'
import { startServerProcess } from '../support/server-process.ts'
import { startTracker } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const PASSKEY = '0f3c5a7e91b2d4860f3c5a7e91b2d486'
/** It is asked for every public torrent. */
const OPEN = makeTorrent('Open', {})

test('a private torrent is announced to the trackers of its file only, also after a restart', async () => {
  await using folder = await temporaryFolder()
  await using shared = await startSharedTracker()
  await using own = await startOwnTracker()
  const torrents = ['One', 'Two', 'Three'].map((name) => makeTorrent(name, { private: 1 }, [own.url]))
  const settings = {
    TORRENT_DOWNLOAD_PATH: folder.path,
    // Trackers on this machine are only asked when the settings name them; this one requires a key.
    TORRENT_TRACKERS: `${shared.url},${own.urlWithoutKey}`,
    TORRENT_TIMEOUT: '60000',
  }
  await (async () => {
    await using app = await startTestApp(settings)
    const api = apiOf(app.url)
    for (const { file } of torrents) expect((await api.upload(file)).status).toBe(202)
    await expect.poll(() => own.started.toSorted()).toEqual(hashesOf(torrents))
    await shared.isAsked(app.url)
  })()
  const [{ infoHash } = OPEN] = torrents
  const note = join(folder.path, infoHash, '.self-streme', 'trackers.json')
  expect((await stat(note)).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder.path, infoHash, '.self-streme', 'usage.json'))).mode & 0o077).toBe(0)
  expect((await stat(join(folder.path, 'self-streme.db'))).mode & 0o077).toBe(0)

  own.started.length = 0
  shared.asked.length = 0
  await using app = await startTestApp(settings)
  const leaving = new AbortController()
  for (const each of torrents) watch(`${app.url}/stream/proxy/${each.infoHash}/0`, leaving)
  await expect.poll(() => own.started.toSorted()).toEqual(hashesOf(torrents))
  await shared.isAsked(app.url)
  expect(new Set(own.withoutKey)).toEqual(new Set([OPEN.infoHash]))
  leaving.abort()
})

test('when the metadata says that a torrent is private, everything but its own trackers stops at once', async () => {
  await using folder = await temporaryFolder()
  await using shared = await startSharedTracker()
  await using own = await startOwnTracker()
  const torrent = makeTorrent('Magnet', { private: 1 })
  const { infoHash, info } = torrent
  const stranger = Promise.withResolvers<RawPeer>()
  const friend = Promise.withResolvers<RawPeer>()
  await using strange = await listenAsPeer(infoHash, stranger.resolve)
  await using friendly = await listenAsPeer(infoHash, friend.resolve)
  await using gossiped = await listenAsPeer(infoHash, () => expect.unreachable('peer exchange was believed'))
  shared.name(infoHash, strange.port)
  await own.name(infoHash, friendly.port)
  const port = await freePort()
  const settings = {
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORRENT_PORT: String(port),
    TORRENT_TRACKERS: `${shared.url},${own.urlWithoutKey}`,
    TORRENT_TIMEOUT: '60000',
  }
  await (async () => {
    await using app = await startTestApp(settings)
    const magnet = `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(own.url)}`
    expect((await apiOf(app.url).add({ magnet })).status).toBe(202)
    const [known, unknown] = await Promise.all([friend.promise, stranger.promise])
    const incoming = await connectPeer(port, infoHash)
    const dropped = [unknown, incoming].map(({ socket }) => new Promise((done) => socket.once('close', done)))
    let isKnownDropped = false
    known.socket.once('close', () => {
      isKnownDropped = true
    })
    // While it may be public, peers may name others.
    const before = await giveMetadata(unknown, info)
    expect(before.m).toHaveProperty('ut_pex')
    await Promise.all(dropped)
    await expect
      .poll(() => shared.asked)
      .toEqual([
        [infoHash, 'started'],
        [infoHash, 'stopped'],
      ])
    const { m } = await giveMetadata(known, info)
    known.sendExtended(m.ut_pex ?? 0, { added: compact(gossiped.port), 'added.f': Buffer.alloc(1) })

    // Peers that connect from now on are not asked for peers at all.
    const late = await connectPeer(port, infoHash)
    expect((await giveMetadata(late, info)).m).not.toHaveProperty('ut_pex')
    await shared.isAsked(app.url)
    expect(isKnownDropped).toBe(false)
    expect(own.started.filter((each) => each === infoHash)).toHaveLength(1)
    late.socket.destroy()
  })()

  own.started.length = 0
  shared.asked.length = 0
  await using app = await startTestApp(settings)
  const leaving = new AbortController()
  watch(`${app.url}/stream/proxy/${infoHash}/0`, leaving)
  await expect.poll(() => own.started).toEqual([infoHash])
  await shared.isAsked(app.url)
  leaving.abort()
})

test('a restarted engine announces a private torrent to its own trackers only', async () => {
  await using shared = await startSharedTracker()
  await using own = await startOwnTracker()
  const torrent = makeTorrent('Crash', { private: 1 }, [own.url])
  await using app = await startTestApp({ TORRENT_TRACKERS: `${shared.url},${own.urlWithoutKey}` })
  expect((await apiOf(app.url).upload(torrent.file)).status).toBe(202)
  await expect.poll(() => own.started).toEqual([torrent.infoHash])
  const engines = childrenOf(process.pid, 'engine/child/main.ts')
  expect(engines).toHaveLength(1)
  for (const engine of engines) process.kill(engine, 'SIGKILL')
  await expect.poll(() => own.started.length).toBe(2)
  await shared.isAsked(app.url)
  expect(own.withoutKey).not.toContain(torrent.infoHash)
})

test('the link of a viewer adds no tracker to a private torrent', async () => {
  await using shared = await startSharedTracker()
  await using own = await startOwnTracker()
  const torrent = makeTorrent('Link', { private: 1 }, [own.url])
  await using app = await startTestApp({ TORRENT_TRACKERS: `${shared.url},${own.urlWithoutKey}` })
  await apiOf(app.url).upload(torrent.file)
  const leaving = new AbortController()
  const query = new URLSearchParams({ tr: shared.url })
  watch(`${app.url}/stream/proxy/${torrent.infoHash}/0?${query}`, leaving)
  await expect.poll(() => own.started).toContain(torrent.infoHash)
  await shared.isAsked(app.url)
  leaving.abort()
})

test('the key of a private tracker is in no log and no answer, whatever the tracker sends', async () => {
  await using folder = await temporaryFolder()
  let asked = 0
  await using tracker = await startLocalServer((req, res) => {
    const [path = ''] = req.url?.split('?') ?? []
    if (++asked % 2) res.writeHead(403).end('no')
    else res.end(bencode.encode({ 'failure reason': `unknown key ${PASSKEY} at ${tracker.url}${path}` }))
  })
  const urls = [
    `${tracker.url}/${PASSKEY}/announce`,
    `${tracker.url}/announce?passkey=${PASSKEY}`,
    `${tracker.url}/announce/${PASSKEY}`,
    `${tracker.url}/announce.php?k=${PASSKEY}`,
  ]
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: folder.path,
    // The path counts when it is checked whether a tracker is one of the user's.
    TORRENT_TRACKERS: urls.map((url) => url.split('?')[0]).join(','),
    LOG_LEVEL: 'debug',
  })
  const api = apiOf(await server.url())
  const { infoHash, file } = makeTorrent('Secret', { private: 1 }, urls)
  const added = await api.upload(file)
  expect(added.status).toBe(202)
  await expect.poll(() => server.output().match(/swarm warning/g)?.length ?? 0).toBeGreaterThan(3)
  const answers = [added.body, await api.list(), (await api.get(infoHash)).body]
  expect(`${server.output()}${JSON.stringify(answers)}`).not.toContain(PASSKEY)
  expect(tracker.asked.join()).toContain(PASSKEY)
})

/** The one in the settings, for every torrent. */
async function startSharedTracker() {
  const asked: [infoHash: string, event: string][] = []
  const peers = new Map<string, number>()
  const server = await startLocalServer((req, res) => {
    const infoHash = /[?&]info_hash=([^&]*)/.exec(req.url ?? '')?.[1] ?? ''
    const hash = Buffer.from(unescape(infoHash), 'latin1').toString('hex')
    asked.push([hash, /[?&]event=(\w+)/.exec(req.url ?? '')?.[1] ?? ''])
    const port = peers.get(hash)
    res.end(bencode.encode({ interval: 1800, peers: port === undefined ? Buffer.alloc(0) : compact(port) }))
  })
  return {
    url: `${server.url}/announce`,
    /** in the order received */
    asked,
    /** Makes it name a peer. */
    name: (infoHash: string, port: number) => void peers.set(infoHash, port),
    /** Expects an announce of a public torrent, and none of any other torrent since. */
    async isAsked(appUrl: string) {
      const before = asked.length
      const leaving = new AbortController()
      watch(`${appUrl}/stream/proxy/${OPEN.infoHash}`, leaving)
      await expect.poll(() => asked.slice(before)).toEqual([[OPEN.infoHash, 'started']])
      leaving.abort()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A real tracker, which requires a key. */
async function startOwnTracker() {
  const tracker = await startTracker(PASSKEY)
  const started: string[] = []
  const withoutKey: string[] = []
  // It emits an event for refused clients too.
  tracker.server.on('start', (_peer: string, params: { info_hash: string; passkey?: string }) => {
    const list = params.passkey === PASSKEY ? started : withoutKey
    list.push(params.info_hash)
  })
  return {
    url: tracker.url,
    urlWithoutKey: tracker.url.replace(/\?.*/, ''),
    /** info hashes announced with the key and without it */
    started,
    withoutKey,
    async name(infoHash: string, port: number) {
      const hash = infoHash.replace(/../g, '%$&')
      const peer = `peer_id=-XX0001-somebodyelse&port=${port}&uploaded=0&downloaded=0&left=1&event=started`
      const isNoted = once(tracker.server, 'start')
      await (await fetch(`${tracker.url}&info_hash=${hash}&${peer}`)).arrayBuffer()
      await isNoted
      started.length = 0
    },
    [Symbol.asyncDispose]: () => tracker[Symbol.asyncDispose](),
  }
}

function watch(url: string, leaving: AbortController): void {
  fetch(url, { signal: leaving.signal }).catch(() => undefined)
}

function hashesOf(torrents: readonly { readonly infoHash: string }[]): string[] {
  return torrents.map(({ infoHash }) => infoHash).toSorted()
}

function compact(port: number): Buffer {
  return Buffer.from([127, 0, 0, 1, port >> 8, port & 255])
}
