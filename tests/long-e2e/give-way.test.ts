import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { type SeededFilm, seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SILENT = '127.0.0.2'
const VIEWER = '127.0.0.3'

test('a client that looks for more than six torrents loses the oldest search', async () => {
  await using app = await startTestApp({ TRUST_PROXY: 'loopback', ACCESS: 'open' })
  const ended: string[] = []
  const ask = (n: number, client: string) => {
    const url = `${app.url}/stream/proxy/${n.toString(16).padStart(40, 'c')}`
    openStream(url, { 'X-Forwarded-For': client }).then(
      (answer) => void ended.push(`${n}: ${answer.resume().statusCode}`),
      () => undefined,
    )
  }
  const inSwarm = (n: number) =>
    expect.poll(
      () => app.app.torrents.activityOf(`${n.toString(16).padStart(40, 'c')}` as InfoHash)?.isInSwarm,
      { timeout: 20_000 },
    )
  for (let n = 0; n < 8; n++) {
    ask(n, '203.0.113.7')
    await inSwarm(n).toBe(true)
  }
  ask(100, '198.51.100.1')
  await inSwarm(100).toBe(true)
  await expect.poll(() => ended).toEqual(['0: 503', '1: 503'])
})

describe.skipIf(!hasSeeder)('when all places for torrents are taken', () => {
  test('three clients that read nothing do not keep a fourth from its film', async () => {
    await using parts = new AsyncDisposableStack()
    // More than all buffers between us can hold, so that none of them is fetched to its end.
    const films: SeededFilm[] = []
    for (const name of ['a', 'b', 'c', 'd']) {
      const trackerUrl = films[0]?.trackerUrl
      const options = { uploadLimit: 4 * MIB, ...(trackerUrl && { trackerUrl }) }
      films.push(parts.use(await seedFilm(patternBytes(48 * MIB, name), options)))
    }
    const app = parts.use(await startTestApp({ ...films[0]?.settings, TORRENT_MAX_CONNECTIONS: '3' }))
    const wanted = films.pop() as SeededFilm
    const silent: IncomingMessage[] = []
    for (const { infoHash } of films) {
      silent.push((await openStream(`${app.url}/stream/proxy/${infoHash}`, {}, SILENT)).pause())
    }
    expect(silent.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])

    const stream = await openStream(`${app.url}/stream/proxy/${wanted.infoHash}`, {}, VIEWER)
    expect(stream.statusCode).toBe(200)
    expectSameBytes(await readBytes(stream, MIB), wanted.bytes.subarray(0, MIB))
    stream.destroy()
    // One of the others was cut off, and can resume where it stopped.
    for (const each of silent) each.on('error', () => undefined).resume()
    await expect.poll(() => silent.filter(({ destroyed }) => destroyed).length).toBe(1)
    for (const each of silent) each.destroy()
  })

  test('24 torrents without peers of one client do not keep another client from its film', async () => {
    await using film = await seedFilm(patternBytes(2 * MIB))
    await using app = await startTestApp({ ...film.settings, TORRENT_MAX_CONNECTIONS: '10' })
    const statuses: number[] = []
    const unknown = Array.from({ length: 24 }, (_, n) => n.toString(16).padStart(40, 'c'))
    for (const infoHash of unknown) {
      openStream(`${app.url}/stream/proxy/${infoHash}`, {}, SILENT).then(
        (answer) => void statuses.push(answer.resume().statusCode ?? 0),
        () => undefined,
      )
    }
    // There are places for ten: the others are refused, or one of the same client gives way.
    await expect.poll(() => statuses.length).toBe(14)
    expect(new Set(statuses)).toEqual(new Set([503]))

    const askedAt = performance.now()
    const stream = await openStream(`${app.url}/stream/proxy/${film.infoHash}`, {}, VIEWER)
    expect(stream.statusCode).toBe(200)
    expectSameBytes(await readBytes(stream, MIB), film.bytes.subarray(0, MIB))
    expect(performance.now() - askedAt).toBeLessThan(20_000)
    stream.destroy()
  })
})
