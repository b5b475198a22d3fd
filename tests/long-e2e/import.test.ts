import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportReport } from '../../src/import/report.ts'
import { type } from '../support/command-line.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { doImport } from '../support/import.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { downloadTorrent, hasSeeder, startSwarm, startTracker } from '../support/swarm.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const HASH = '39730aa7c09b864432bc8c878c20c933059241fd'
const film = patternBytes(6 * MIB + 1)
const ALONE = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }

test('import --create makes a torrent of a film, reports it readably, and the film is served without peers', async () => {
  await using user = await userWith({ 'Film.mkv': film })
  const settings = { TORRENT_DOWNLOAD_PATH: user.root }
  const path = join(user.home, 'Film.mkv')
  const { code, stdout, stderr } = await type(['import', path, '--create'], settings)
  expect([code, stderr]).toEqual([0, ''])
  const infoHash = /^info hash ([0-9a-f]{40})$/m.exec(stdout)?.[1] ?? ''
  expect(stdout).toBe(
    [
      `hard link: ${path} (6.3 MB)`,
      `in ${join(user.root, infoHash)}`,
      `info hash ${infoHash}`,
      `magnet    magnet:?xt=urn:btih:${infoHash}\n`,
    ].join('\n'),
  )
  await using server = startServerProcess({ ...settings, ...ALONE })
  const answer = await fetch(`${await server.url()}/stream/proxy/${infoHash}`)
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
})

test.skipIf(!hasSeeder)('a torrent made by import --create is shared with other clients', async () => {
  await using user = await userWith({ 'Season/One.mkv': film, 'Season/Two.mkv': patternBytes(MIB, 'two') })
  await using tracker = await startTracker()
  const settings = { TORRENT_DOWNLOAD_PATH: user.root }
  const args = ['import', '--json', '--create', '--tracker', tracker.url, join(user.home, 'Season')]
  const { stdout } = await type(args, settings)
  const [{ magnet, directory } = { magnet: '', directory: '' }] = (JSON.parse(stdout) as ImportReport)
    .imported
  expect(new URL(magnet).searchParams.get('tr')).toBe(tracker.url)

  const announced = once(tracker.server, 'start')
  await using _app = await startTestApp({
    ...settings,
    TORRENT_TRACKERS: tracker.url,
    TORRENT_SEED: 'true',
  })
  await announced
  const metainfo = await readFile(join(directory, '.self-streme', 'metainfo.torrent'))
  await using peer = await userWith({})
  await downloadTorrent(metainfo, peer.root, tracker.url)
  for (const name of ['One.mkv', 'Two.mkv'])
    expectSameBytes(
      await readFile(join(peer.root, 'Season', name)),
      await readFile(join(user.home, 'Season', name)),
    )
})

test.skipIf(!hasSeeder)(
  'films are imported while a server runs and a viewer watches, one as a torrent and one by its name',
  async () => {
    const watched = patternBytes(24 * MIB, 'watched')
    await using seeds = await userWith({ 'Watched.mkv': watched })
    await using swarm = await startSwarm({ path: join(seeds.home, 'Watched.mkv'), uploadLimit: 8 * MIB })
    await using user = await userWith({ 'Film.mkv': film, [`Named ${HASH}.mp4`]: film })
    const settings = { TORRENT_DOWNLOAD_PATH: user.root }
    await using app = await startTestApp({ ...settings, ...swarm.settings })
    const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
    expectSameBytes(await readBytes(viewer, MIB), watched.subarray(0, MIB))

    const created = await type(['import', '--json', '--create', join(user.home, 'Film.mkv')], settings)
    const named = await type(['import', join(user.home, `Named ${HASH}.mp4`)], settings)
    expect([created.code, named.code]).toEqual([0, 0])
    const [{ infoHash } = { infoHash: '' }] = (JSON.parse(created.stdout) as ImportReport).imported
    for (const hash of [infoHash, HASH]) {
      const answer = await fetch(`${app.url}/stream/proxy/${hash}`)
      expectSameBytes(Buffer.from(await answer.arrayBuffer()), film)
    }
    await app.app.index.check()
    expect(await isCompleteOnDisk(app, infoHash)).toBe(true)
    expect(
      app.app.index.entries().find(({ contents }) => contents.infoHash === infoHash)?.usage,
    ).toMatchObject({
      origin: 'imported',
      isPinned: true,
    })
    expectSameBytes(await readBytes(viewer, watched.length - MIB), watched.subarray(MIB))
  },
)

test.skipIf(!hasSeeder)(
  'a film imported while its metadata is being looked for is not fetched when the metadata arrives',
  async () => {
    await using user = await userWith({ 'Film.mkv': film })
    const path = join(user.home, 'Film.mkv')
    await using tracker = await startTracker()
    const { infoHash, metainfo } = makeTorrentFile({ path, pieceLength: 64 * 1024 })
    const settings = { TORRENT_DOWNLOAD_PATH: user.root, TORRENT_TRACKERS: tracker.url }
    await using app = await startTestApp(settings)
    const announced = once(tracker.server, 'start')
    const viewer = fetch(`${app.url}/stream/proxy/${infoHash}`)
    await announced
    await doImport(user.root, { kind: 'torrent', paths: [path], metainfo })
    await using swarm = await startSwarm({ path, pieceLength: 64 * 1024, trackerUrl: tracker.url })
    expectSameBytes(Buffer.from(await (await viewer).arrayBuffer()), film)
    const state = await readFile(join(user.root, infoHash, '.self-streme', 'state.json'), 'utf8')
    expect(JSON.parse(state)).toMatchObject({ whole: { 0: { size: film.length } } })
    expect(await swarm.uploadedBytes()).toBe(0)
  },
)

test('import reports files that were left out, and that not everything was imported', async () => {
  await using user = await userWith({
    'Film.mkv': film,
    'small.mkv': film.subarray(0, 10),
    'Folder/a.txt': film,
  })
  const paths = ['Film.mkv', 'small.mkv', 'Folder', 'nothing'].map((name) => join(user.home, name))
  const settings = { TORRENT_DOWNLOAD_PATH: user.root }
  const { code, stdout } = await type(['import', ...paths, '--infohash', HASH], settings)
  expect(code).toBe(1)
  expect(stdout).toContain(`hard link: ${paths[0]} (6.3 MB)`)
  expect(stdout).toContain(`skipped: ${paths[1]}: it has 10 bytes; at least 1048576 are needed`)
  expect(stdout).toContain(`skipped: ${join(user.home, 'Folder', 'a.txt')}: its extension is not`)
  expect(stdout).toContain(`skipped: ${paths[3]}: ${paths[3]} cannot be found (ENOENT)`)

  const none = await type(['import', paths[2] ?? '', '--infohash', HASH, '--json'], settings)
  expect([none.code, JSON.parse(none.stdout)]).toMatchObject([1, { imported: [] }])
})

test('import explains in a sentence why a torrent file cannot be used', async () => {
  await using user = await userWith({ 'Film.mkv': film, 'no.torrent': Buffer.from('hello') })
  const settings = { TORRENT_DOWNLOAD_PATH: user.root }
  for (const [name, why] of [
    ['no.torrent', 'the metadata is not bencoded'],
    ['.', 'is not a file'],
    ['nothing.torrent', 'ENOENT'],
  ] as const) {
    const args = ['import', join(user.home, 'Film.mkv'), '--torrent', join(user.home, name)]
    const { code, stdout, stderr } = await type(args, settings)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(new RegExp(`^.*${why}.*\n$`))
  }
})

test("import takes paths from the user's working directory, wherever npm runs the command", async () => {
  await using user = await userWith({ 'Film.mkv': film })
  const typed = { npm_lifecycle_event: 'cli', INIT_CWD: user.home }
  const settings = { TORRENT_DOWNLOAD_PATH: user.root, ...typed }
  const { code } = await type(['import', 'Film.mkv', '--infohash', HASH.toUpperCase()], settings)
  expect([code, await readdir(user.root)]).toEqual([0, [`${HASH}-Film.mkv`]])
})

test('import --dry-run says what would be done and does nothing', async () => {
  await using user = await userWith({ 'Film.mkv': film })
  const args = ['import', '--dry-run', '--create', join(user.home, 'Film.mkv')]
  const { code, stdout } = await type(args, { TORRENT_DOWNLOAD_PATH: user.root })
  expect([code, stdout]).toEqual([0, expect.stringMatching(/would be in .*\ninfo hash [0-9a-f]{40}\n/)])
  expect(await readdir(user.root)).toEqual([])
})

test('import refuses arguments that it does not understand', async () => {
  const { code, stdout, stderr } = await type(['import', 'film.mkv'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/has no info hash in its name: use --torrent, --infohash or --create/)
  expect(stderr).toContain('npm run cli -- import <path…>')
})
