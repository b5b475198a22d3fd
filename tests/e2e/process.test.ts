import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStream, readBytes } from '../support/http-client.ts'
import { AS_OWNER } from '../support/owner.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { childrenOf, isRunning } from '../support/processes.ts'
import { connectPeer, freePort } from '../support/raw-peer.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ENGINE = 'engine/child/main.ts'

test('the server reports all mistakes in the settings at once and does not start', async () => {
  await using server = startServerProcess({
    TORRENT_TIMEOUT: '2 min',
    TORRENT_MAX_CONNECTIONS: '0',
    ACCESS: 'all',
  })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toBe(
    [
      'TORRENT_MAX_CONNECTIONS: "0" is not a number of torrents (try 25)',
      'TORRENT_TIMEOUT: "2 min" is not a number of milliseconds (try 120000)',
      'ACCESS: "all" is not one of lan, open\n',
    ].join('\n'),
  )
})

test('a second server on the same download folder refuses to start and says why', async () => {
  await using folder = await temporaryFolder()
  await using first = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path })
  await first.url()
  await using second = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path })
  expect(await second.ended()).toBe(1)
  expect(second.output()).toContain(`another self-streme is running in ${folder.path}`)

  // The lock is released however the process ends.
  first.child.kill('SIGKILL')
  await first.ended()
  await using third = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path })
  expect(await third.url()).toContain('http://')
})

test('the server says in a sentence that its HTTP port is taken', async () => {
  await using folder = await temporaryFolder()
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path, PORT: String(port) })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toContain('EADDRINUSE')
  holder.close()
})

test('a taken BitTorrent port is a warning, and another port is used', async () => {
  await using folder = await temporaryFolder()
  const holder = createServer().listen(0)
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path, TORRENT_PORT: String(port) })
  await server.url()
  await expect.poll(() => server.output()).toContain('warn: TORRENT_PORT is taken')
  holder.close()
})

test.for(['SIGTERM', 'SIGINT'] as const)(
  '%s to the process group stops the server cleanly within 5 s',
  async (signal) => {
    await using folder = await temporaryFolder()
    const port = await freePort()
    await using server = startServerProcess({
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_PORT: String(port),
    })
    const url = await server.url()
    const infoHash = 'ab'.repeat(20)
    const waiting = fetch(`${url}/stream/proxy/${infoHash}`).catch(() => undefined)
    // The engine knows the torrent now, so it is running and busy.
    const peer = await connectPeer(port, infoHash)
    const [engine] = childrenOf(server.child.pid as number, ENGINE)
    process.kill(engine as number, signal)

    const askedAt = Date.now()
    server.child.kill(signal)
    expect(await server.ended()).toBe(0)
    expect(Date.now() - askedAt).toBeLessThan(20_000)
    expect(isRunning(engine as number)).toBe(false)
    expect(server.output()).not.toContain('engine process ended')
    peer.socket.destroy()
    await waiting
  },
)

test('an engine that hangs delays neither clean-up nor the end of the server', async () => {
  await using folder = await temporaryFolder()
  const port = await freePort()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORRENT_PORT: String(port),
    TORRENT_TIMEOUT: '2000',
    // On a busy machine the engine takes longer to load than one attempt lasts; the torrent must still be open then.
    TORRENT_MAX_RETRIES: '50',
  })
  const url = await server.url()
  const waiting = fetch(`${url}/stream/proxy/${'ab'.repeat(20)}`).catch(() => undefined)
  const peer = await connectPeer(port, 'ab'.repeat(20))
  const [engine] = childrenOf(server.child.pid as number, ENGINE)
  process.kill(engine as number, 'SIGSTOP')
  expect((await waiting)?.status).toBe(404)
  expect((await fetch(`${url}/admin/cleanup`, { method: 'POST', headers: AS_OWNER })).status).toBe(200)

  const askedAt = Date.now()
  server.child.kill('SIGTERM')
  expect(await server.ended()).toBe(0)
  expect(Date.now() - askedAt).toBeLessThan(20_000)
  peer.socket.destroy()
})

test('the server says in a sentence that its download folder cannot be made', async () => {
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: '/proc/nope' })
  expect(await server.ended()).toBe(1)
  expect(server.output()).toMatch(/\/proc\/nope cannot be used.*TORRENT_DOWNLOAD_PATH/)
})

test('the engine ends when the server is killed', async () => {
  await using folder = await temporaryFolder()
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: folder.path })
  await server.url()
  const [engine] = childrenOf(server.child.pid as number, ENGINE)
  server.child.kill('SIGKILL')
  await server.ended()
  await expect.poll(() => isRunning(engine as number), { interval: 20 }).toBe(false)
})

test.skipIf(!hasSeeder)('the log has the whole life of a film, and an unknown client once', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  const film = patternBytes(24 * 1024 * 1024)
  await writeFile(path, film)
  await using swarm = await startSwarm({ path, uploadLimit: 12 * 1024 * 1024 })
  await using server = startServerProcess({
    ...swarm.settings,
    TORRENT_DOWNLOAD_PATH: downloads.path,
    TORRENT_CLEANUP_INTERVAL: '0',
    LOG_LEVEL: 'debug',
  })
  const url = await server.url()
  const viewer = await openStream(`${url}/stream/proxy/${swarm.infoHash}`)
  await readBytes(viewer, film.length)
  viewer.destroy()
  await expect.poll(() => server.output()).toContain('info: Download complete: Film.mkv')
  await (await fetch(`${url}/stream/proxy/${swarm.infoHash}`)).arrayBuffer()
  for (let n = 0; n < 2; n++) {
    await fetch(`${url}/stream/movie/tt1254207.json`, { headers: { 'User-Agent': 'Refrigerator/1.0' } })
  }
  await fetch(`${url}/admin/cleanup`, { method: 'POST', headers: AS_OWNER })

  const { infoHash } = swarm
  for (const line of [
    `info: Adding new torrent: magnet:?xt=urn:btih:${infoHash}`,
    `info: Starting torrent stream for hash: ${infoHash}`,
    'info: Torrent ready: Film.mkv, files: 1',
    `info: Selected file: Film.mkv (${film.length} bytes)`,
    `info: Using torrent stream for ${infoHash} (file not ready)`,
    `info: Using file stream for ${infoHash}: ${join(downloads.path, infoHash, 'Film.mkv')}`,
    `info: Cleaned up torrent: ${infoHash}`,
  ]) {
    await expect.poll(() => server.output()).toContain(line)
  }
  expect(server.output()).toMatch(/^debug: Download progress: \d+\.\d%, peers: 1, speed: \d+/m)
  expect(server.output().match(/unknown client.*Refrigerator/g)).toHaveLength(1)
})

test('a server that was stopped has closed all that it had open', async () => {
  await using folder = await temporaryFolder()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: folder.path,
    MEDIA_PATH: folder.path,
    TORRENT_DHT: 'true',
    LOG_LEVEL: 'debug',
  })
  const url = await server.url()
  expect((await fetch(`${url}/manifest.json`)).status).toBe(200)
  server.child.kill('SIGTERM')
  expect(await server.ended()).toBe(0)
  // stdout and stderr
  expect(server.output()).toContain('debug: stopped stillOpen=["PipeWrap","PipeWrap"]')
})
