import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const FILM = 'f11f11f11f11f11f11f11f11f11f11f11f11f11f'
const UNKNOWN = 'c0ffee0000000000000000000000000000000000'

test('21 MB of requests queued behind a waiting one cost almost no memory', async () => {
  await using downloads = await temporaryFolder()
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: downloads.path })
  const url = await server.url()
  const pid = server.child.pid as number
  await fetch(`${url}/manifest.json`)
  const before = anonymousMemoryOf(pid)

  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  const request = `GET /stream/proxy/${UNKNOWN} HTTP/1.1\r\nHost: a\r\n\r\n`
  socket.write(request.repeat(Math.ceil((21 * MIB) / request.length)))
  let most = 0
  const until = performance.now() + 5_000
  while (performance.now() < until) {
    const taken = socket.bytesWritten - socket.writableLength
    most = Math.max(most, anonymousMemoryOf(pid) - before)
    await new Promise((done) => setTimeout(done, 100))
    expect(taken).toBeLessThan(12 * MIB)
  }
  console.info(`${(most / MIB).toFixed(1)} MiB`)
  expect(most).toBeLessThan(30 * MIB)
  expect((await fetch(`${url}/manifest.json`)).status).toBe(200)
  socket.destroy()
})

test('1,000 clients that read nothing cost less than 150 MB, and another viewer gets the film', async () => {
  await using downloads = await temporaryFolder()
  const film = patternBytes(64 * MIB)
  await placeFilm(downloads.path, film)
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: downloads.path })
  const url = await server.url()
  const pid = server.child.pid as number
  const filmUrl = `${url}/stream/proxy/${FILM}`
  await readSome(filmUrl, film)
  const before = anonymousMemoryOf(pid)

  await using readers = new Strangers(Number(new URL(url).port))
  for (let n = 0; n < 1_000; n++) {
    const socket = await readers.open(addressOf(n % 20))
    socket.pause().write(`GET /stream/proxy/${FILM} HTTP/1.1\r\nHost: a\r\n\r\n`)
  }
  let most = 0
  for (let n = 0; n < 20; n++) {
    await readSome(filmUrl, film)
    most = Math.max(most, anonymousMemoryOf(pid) - before)
    await sleep(200)
  }
  console.info(`${(most / MIB).toFixed(1)} MiB`)
  expect(readers.count).toBe(1_000)
  expect(most).toBeLessThan(150e6)
})

test('with 1,024 handles, 1,000 slow connections that keep coming do not lock out other clients', async () => {
  await using downloads = await temporaryFolder()
  const film = patternBytes(8 * MIB)
  await placeFilm(downloads.path, film)
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: downloads.path }, 1_024)
  const url = await server.url()
  await using slow = new Strangers(Number(new URL(url).port))
  let opened = 0
  const attack = async (lane: number) => {
    for (let n = 0; isOn; n++) {
      // Half of them from one address, half of them from a hundred.
      const from = lane % 2 === 0 ? addressOf(0) : addressOf(1 + ((lane + 10 * n) % 100))
      const socket = await slow.open(from).catch(() => undefined)
      opened++
      // A request that never ends, or one for the start of a film that is not read.
      socket
        ?.pause()
        .write(n % 2 === 0 ? 'GET / HTTP/1.1\r\nHo' : `GET /stream/proxy/${FILM} HTTP/1.1\r\nHost: a\r\n\r\n`)
      if (slow.count > 1_000) await sleep(20)
    }
  }
  let isOn = true
  const lanes = Array.from({ length: 10 }, (_, lane) => attack(lane))
  await expect.poll(() => opened).toBeGreaterThan(1_000)
  const waits: number[] = []
  for (let n = 0; n < 30; n++) {
    const askedAt = performance.now()
    await readSome(`${url}/stream/proxy/${FILM}`, film)
    expect((await fetch(`${url}/manifest.json`, { headers: { Connection: 'close' } })).status).toBe(200)
    waits.push(performance.now() - askedAt)
    await sleep(100)
  }
  isOn = false
  await Promise.all(lanes)
  const [median = Number.NaN, longest = Number.NaN] = [15, 29].map((n) => waits.toSorted((a, b) => a - b)[n])
  console.info(`${opened} connections; waits: median ${median.toFixed(0)}, longest ${longest.toFixed(0)} ms`)
  // The first request comes while the server still fills the buffers of 400 connections, which is 3 to 5 s of work.
  expect(median).toBeLessThan(5_000)
  expect(longest).toBeLessThan(30_000)
  expect(server.output()).not.toMatch(/EMFILE|error:/)
})

/** A film that the user placed, so that no swarm is needed. */
async function placeFilm(folder: string, film: Uint8Array): Promise<void> {
  await mkdir(join(folder, FILM))
  await writeFile(join(folder, FILM, 'Film.mkv'), film)
}

async function readSome(url: string, film: Buffer): Promise<void> {
  const stream = await openStream(url)
  expect(stream.statusCode).toBe(200)
  expectSameBytes(await readBytes(stream, MIB), film.subarray(0, MIB))
  stream.destroy()
}

function addressOf(client: number): string {
  return `127.0.1.${client + 1}`
}

/** Connections from many addresses, closed at the end. */
class Strangers implements AsyncDisposable {
  readonly #port: number
  readonly #open = new Set<Socket>()

  constructor(port: number) {
    this.#port = port
  }

  /** The number of connections that the server has not closed. */
  get count(): number {
    return this.#open.size
  }

  async open(from: string): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress: from })
    socket.on('error', () => undefined).on('close', () => this.#open.delete(socket))
    this.#open.add(socket)
    await once(socket, 'connect')
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy()
  }
}
