import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { piecesIn } from '../../src/domain/bittorrent/bitfield.ts'
import { flipByte } from '../support/flip-byte.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const PIECES = 96
const film = patternBytes(PIECES * MIB)
const resources = new AsyncDisposableStack()
let swarm: Swarm

beforeAll(async () => {
  if (!hasSeeder) return
  const path = join(resources.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, film)
  swarm = resources.use(await startSwarm({ path, pieceLength: MIB, uploadLimit: 48 * MIB }))
})
afterAll(() => resources.disposeAsync())

/** Paths in the folder of a torrent. */
const FILM = 'Film.mkv'
const BITS = '.self-streme/verified.bits'
const STATE = '.self-streme/state.json'
const METAINFO = '.self-streme/metainfo.torrent'
const PEERS = '.self-streme/peers.json'

type Harm = (place: (name: string) => string) => Promise<void>

const HARMS: readonly (readonly [string, Harm])[] = [
  ['nothing', async () => undefined],
  ['a byte in the first piece was flipped', (place) => flipByte(place(FILM), 0.5 * MIB)],
  ['a byte in the third piece was flipped', (place) => flipByte(place(FILM), 2.5 * MIB)],
  ['the film was cut in the middle of a piece', (place) => truncate(place(FILM), 5.5 * MIB)],
  ['the film was cut to nothing', (place) => truncate(place(FILM))],
  ['the film was removed', (place) => rm(place(FILM))],
  [
    'the film was overwritten with another one',
    (place) => writeFile(place(FILM), patternBytes(film.length, 'other')),
  ],
  ['every piece is claimed', (place) => writeFile(place(BITS), Buffer.alloc(PIECES / 8, 0xff))],
  ['the bits are garbage', (place) => writeFile(place(BITS), patternBytes(1_000))],
  ['the bits are too few', (place) => truncate(place(BITS), 2)],
  ['the bits are empty', (place) => truncate(place(BITS))],
  ['the bits were removed', (place) => rm(place(BITS))],
  ['the state is garbage', (place) => writeFile(place(STATE), patternBytes(1_000))],
  ['the state was removed', (place) => rm(place(STATE))],
  [
    'the state claims that the film is complete',
    (place) => writeFile(place(STATE), JSON.stringify({ whole: { 0: { size: film.length, mtimeMs: 1 } } })),
  ],
  ['the kept peers are garbage', (place) => writeFile(place(PEERS), patternBytes(1_000))],
  [
    'the kept peers are others',
    (place) =>
      writeFile(
        place(PEERS),
        JSON.stringify([
          { address: '127.0.0.1:9', isEncrypted: true, source: 'tracker', gaveAt: Date.now() },
        ]),
      ),
  ],
  ['the metadata is garbage', (place) => writeFile(place(METAINFO), patternBytes(1_000))],
  ['the metadata is cut', (place) => truncate(place(METAINFO), 100)],
  ['the metadata was removed', (place) => rm(place(METAINFO))],
]

test.skipIf(!hasSeeder).for(HARMS)(
  'after a kill, when %s, every byte is right and the film completes',
  async ([, harm]) => {
    await using downloads = await temporaryFolder()
    const folder = join(downloads.path, swarm.infoHash)
    await watchAndKill(downloads.path, join(folder, BITS))
    await harm((name) => join(folder, name))
    {
      await using server = startServerProcess(settings(downloads.path))
      const url = await filmUrl(server)
      const [whole, middle, end] = await Promise.all([
        fetch(url).then(async (answer) => Buffer.from(await answer.arrayBuffer())),
        getRange(url, 2 * MIB, 9 * MIB - 1),
        getRange(url, 90 * MIB, film.length - 1),
      ])
      expectSameBytes(whole, film)
      expectSameBytes(middle, film.subarray(2 * MIB, 9 * MIB))
      expectSameBytes(end, film.subarray(90 * MIB))
      await expect.poll(() => server.output()).toContain('Download complete')
    }
    await using server = startServerProcess({ ...settings(downloads.path), TORRENT_TRACKERS: '' })
    const answer = await fetch(await filmUrl(server))
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
  },
)

function settings(folder: string): Record<string, string> {
  return { ...swarm.settings, TORRENT_DOWNLOAD_PATH: folder }
}

async function filmUrl(server: ServerProcess): Promise<string> {
  return `${await server.url()}/stream/proxy/${swarm.infoHash}`
}

/** Watches the first half, and kills the server when some of it was written down. */
async function watchAndKill(downloads: string, bits: string): Promise<void> {
  await using server = startServerProcess(settings(downloads))
  const viewer = await openStream(await filmUrl(server))
  await readBytes(viewer, film.length / 2)
  await expect.poll(async () => [...piecesIn(await readFile(bits), PIECES)].length).toBeGreaterThan(16)
  server.child.kill('SIGKILL')
  await server.ended()
  viewer.destroy()
}
