import { execFileSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SETTINGS as TABLE } from '../../src/config/settings.ts'
import { piecesIn } from '../../src/domain/bittorrent/bitfield.ts'
import cacheThen from '../fixtures/installation-57a3ac8/cache.json' with { type: 'json' }
import explainThen from '../fixtures/installation-57a3ac8/cache-explain.json' with { type: 'json' }
import {
  HALF,
  OTHER_SETTINGS,
  PINNED,
  PLACED,
  PLAYED,
  SETTINGS,
  WISHED,
} from '../fixtures/installation-57a3ac8/films.ts'
import torrentsThen from '../fixtures/installation-57a3ac8/torrents.json' with { type: 'json' }
import { apiOf } from '../support/api-client.ts'
import { expectSameBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const ARCHIVE = fileURLToPath(
  new URL('../fixtures/installation-57a3ac8/installation.tar.gz', import.meta.url),
)
const PIECE = 16 * 1024

/** The download folder as the server of 57a3ac8 left it when it was killed. */
async function oldInstallation(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await temporaryFolder()
  execFileSync('tar', ['-xzf', ARCHIVE, '-C', folder.path])
  return folder
}

function startOn(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  return startTestApp({
    ...SETTINGS,
    LOG_LEVEL: 'error',
    TORRENT_DOWNLOAD_PATH: folder,
    TORRENT_TRACKERS: '',
    ...settings,
  })
}

function infoHashOf(name: string): string {
  return torrentsThen.torrents.find((torrent) => torrent.name === name)?.infoHash ?? expect.fail(name)
}

test('each setting of version 57a3ac8 still has its name', () => {
  const names = Object.keys(TABLE.shape)
  for (const name of [...Object.keys(SETTINGS), ...OTHER_SETTINGS]) expect(names).toContain(name)
})

test('a server with the settings of version 57a3ac8 serves its films byte for byte without peers', async () => {
  await using folder = await oldInstallation()
  await using app = await startOn(folder.path)
  const films = [
    [infoHashOf(PINNED.name), PINNED.bytes],
    [infoHashOf(PLAYED.name), PLAYED.bytes],
    [PLACED.infoHash, PLACED.bytes],
  ] as const
  for (const [infoHash, bytes] of films) {
    const url = `${app.url}/stream/proxy/${infoHash}`
    const whole = await send(url)
    expect(whole.status).toBe(200)
    expectSameBytes(whole.body, bytes)
    const part = await send(`${url}/0`, { headers: { Range: 'bytes=100000-200000' } })
    expect(part.status).toBe(206)
    expectSameBytes(part.body, bytes.subarray(100_000, 200_001))
  }
  // The fetched part of the incomplete film needs no peers either.
  const start = await send(`${app.url}/stream/proxy/${infoHashOf(HALF.name)}`, {
    headers: { Range: `bytes=0-${10 * PIECE - 1}` },
  })
  expect(start.status).toBe(206)
  expectSameBytes(start.body, HALF.bytes.subarray(0, 10 * PIECE))
})

test('pins, downloads and plays of version 57a3ac8 are in the API, with the same fields', async () => {
  await using folder = await oldInstallation()
  await using app = await startOn(folder.path)
  const api = apiOf(app.url)
  // Without peers, nothing is being fetched.
  const states = Object.fromEntries(
    torrentsThen.torrents.map(({ infoHash, state }) => [infoHash, state === 'whole' ? state : 'looking']),
  )
  const statesNow = async () =>
    Object.fromEntries((await api.list()).map(({ infoHash, state }) => [infoHash, state]))
  await expect.poll(statesNow).toEqual(states)
  const torrents = await api.list()
  expect(torrents.map(({ infoHash }) => infoHash).toSorted()).toEqual(
    torrentsThen.torrents.map(({ infoHash }) => infoHash).toSorted(),
  )
  for (const then of torrentsThen.torrents) {
    const now = torrents.find(({ infoHash }) => infoHash === then.infoHash)
    // Fields that may differ: the path of the folder, and the state of the swarm and server at that time.
    const { directory, state, peers, downloadSpeed, etaSeconds, bytesOnDisk, ...others } = {
      etaSeconds: 0,
      ...then,
    }
    const kept = { ...others, plays: expect.closeTo(playsNow(then), 1) }
    if (state === 'whole') expect(now).toMatchObject({ ...kept, state, bytesOnDisk })
    else {
      // Pieces that were fetched after the last note are fetched again.
      const { bytesThere, percent, files, ...noted } = kept
      expect(now).toMatchObject(noted)
      expect(now?.bytesThere).toBeLessThanOrEqual(bytesThere)
      expect(now?.files.map(({ name, size, isWanted }) => ({ name, size, isWanted }))).toEqual(
        files.map(({ name, size, isWanted }) => ({ name, size, isWanted })),
      )
    }
    expect(now?.directory).toBe(join(folder.path, directory))
    for (const field of Object.keys(then).filter((name) => name !== 'etaSeconds'))
      expect(now, then.name).toHaveProperty(field)
  }
  const played = torrentsThen.torrents.find(({ name }) => name === PLAYED.name) ?? expect.fail()
  expect(played.plays).toBe(1)
  expect(torrents.find(({ name }) => name === PLAYED.name)).toMatchObject({
    plays: expect.closeTo(playsNow(played), 1),
    isPinned: false,
  })
  expect(torrents.find(({ infoHash }) => infoHash === WISHED.infoHash)).toMatchObject({
    wish: 'main',
    isPinned: true,
  })
  expect(torrents.find(({ name }) => name === HALF.name)?.bytesThere).toBe(
    (await notedPieces(folder.path)) * PIECE,
  )

  const { body: cache } = await api.ask<{ placed: object[] }>('GET', '/api/cache')
  for (const field of Object.keys(cacheThen)) expect(cache).toHaveProperty(field)
  expect(cache.placed).toEqual(
    cacheThen.placed.map((placed) => ({ ...placed, path: join(folder.path, placed.path) })),
  )
  const { body: explain } = await api.ask<typeof explainThen>('GET', '/api/cache/explain')
  for (const field of Object.keys(explainThen)) expect(explain).toHaveProperty(field)
  const namesOf = (entries: readonly { name: string }[]) => entries.map(({ name }) => name).toSorted()
  expect(namesOf(explain.next)).toEqual(namesOf(explainThen.next))
  expect(namesOf(explain.kept)).toEqual(namesOf(explainThen.kept))
})

test('a clean-up in the folder of version 57a3ac8 removes what is idle, and nothing else', async () => {
  await using folder = await oldInstallation()
  await using app = await startOn(folder.path)
  expect((await apiOf(app.url).cleanUp()).body).toMatchObject({ removed: 1 })
  const left = await readdir(folder.path)
  expect(left).not.toContain(infoHashOf(PLAYED.name))
  for (const name of [infoHashOf(PINNED.name), infoHashOf(HALF.name), WISHED.infoHash])
    expect(left).toContain(name)
  expect(left.filter((name) => name.includes(PLACED.infoHash))).toHaveLength(1)
})

test.skipIf(!hasSeeder)(
  'a film half fetched by version 57a3ac8 is completed, and only pieces it had not noted are fetched',
  async () => {
    await using folder = await oldInstallation()
    const infoHash = infoHashOf(HALF.name)
    const missing = HALF.bytes.length - (await notedPieces(folder.path)) * PIECE
    expect(missing).toBeLessThan(HALF.bytes.length * 0.9)
    await using seeds = await temporaryFolder()
    const path = join(seeds.path, HALF.name)
    await writeFile(path, HALF.bytes)
    const torrentFile = join(folder.path, infoHash, '.self-streme', 'metainfo.torrent')
    await using swarm = await startSwarm({ path, torrentFile })
    expect(swarm.infoHash).toBe(infoHash)

    await using app = await startOn(folder.path, swarm.settings)
    const api = apiOf(app.url)
    await expect.poll(async () => (await api.get(infoHash)).body.state).toBe('whole')
    expectSameBytes(await readFile(join(folder.path, infoHash, HALF.name)), HALF.bytes)
    const uploaded = await swarm.uploadedBytes()
    expect(uploaded).toBeGreaterThan(0)
    // Near the end a block may be requested twice.
    expect(uploaded).toBeLessThanOrEqual(missing + 4 * PIECE)
    // It stays pinned, and its download is over.
    const { body } = await api.get(infoHash)
    expect(body).toMatchObject({ isPinned: true, percent: 100 })
    expect(body.wish).toBeUndefined()
  },
)

/** Plays lose half of their weight in fourteen days. */
function playsNow({ plays, lastReadAt }: { readonly plays: number; readonly lastReadAt: string }): number {
  return plays * 0.5 ** ((Date.now() - Date.parse(lastReadAt)) / (14 * 24 * 60 * 60 * 1000))
}

/** Pieces of the incomplete film that the old server had noted. */
async function notedPieces(root: string): Promise<number> {
  const bits = await readFile(join(root, infoHashOf(HALF.name), '.self-streme', 'verified.bits'))
  return [...piecesIn(bits, HALF.bytes.length / PIECE)].length
}
