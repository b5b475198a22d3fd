import { appendFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const SOON = { timeout: 30_000, interval: 50 }
const [ONE, TWO, THREE] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string]

function torrentOf(name: string): Uint8Array {
  const pieces = Buffer.alloc(20)
  return bencode.encode({ info: { length: 1_000_000, name, 'piece length': 1_048_576, pieces } })
}

/** A server, and the folder it watches. */
async function watching(fill: (path: string) => Promise<unknown> = async () => undefined) {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await temporaryFolder())
  await fill(path)
  const app = starting.use(await startTestApp({ WATCH_PATH: path }))
  const parts = starting.move()
  const { list } = apiOf(app.url)
  return {
    app,
    path,
    names: async () => (await list()).map(({ name }) => name).toSorted(),
    files: async () => (await readdir(path)).toSorted(),
    list,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

test('files there at the start and later ones are added once, completely, and pinned', async () => {
  await using watched = await watching((path) => writeFile(join(path, 'one.torrent'), torrentOf('One.mkv')))
  await expect.poll(watched.names, SOON).toEqual(['One.mkv'])
  expect(await watched.list()).toMatchObject([{ isPinned: true, wish: 'all', origin: 'added' }])
  await writeFile(join(watched.path, 'Two.TORRENT'), torrentOf('Two.mkv'))
  await writeFile(
    join(watched.path, 'some.magnet'),
    `# later\n\nmagnet:?xt=urn:btih:${ONE}&dn=x\r\n  ${TWO}\n`,
  )
  await expect.poll(watched.names, SOON).toEqual(['One.mkv', 'Two.mkv', ONE, TWO])
  await expect
    .poll(watched.files, SOON)
    .toEqual(['Two.TORRENT.added', 'one.torrent.added', 'some.magnet.added'])
})

test('a magnet link that selects files adds those', async () => {
  await using watched = await watching((path) =>
    writeFile(join(path, 'a.magnet'), `magnet:?xt=urn:btih:${ONE}&so=2-3`),
  )
  await expect.poll(watched.list, SOON).toMatchObject([{ isPinned: true, wish: { select: [[2, 3]] } }])
})

test('files already taken are not taken again, and a new one with the same name is', async () => {
  await using watched = await watching(async (path) => {
    await writeFile(join(path, 'film.torrent.added'), torrentOf('Old.mkv'))
    await writeFile(join(path, 'notes.txt'), ONE)
    await mkdir(join(path, 'folder.torrent'))
    await mkdir(join(path, 'within'))
    await writeFile(join(path, 'within', 'deep.torrent'), torrentOf('Deep.mkv'))
  })
  await writeFile(join(watched.path, 'film.torrent'), torrentOf('New.mkv'))
  await expect.poll(watched.names, SOON).toEqual(['New.mkv'])
  await expect
    .poll(watched.files, SOON)
    .toEqual(['film.torrent.added', 'film.torrent.added.2', 'folder.torrent', 'notes.txt', 'within'])
})

test('a file that is still being written is waited for', async () => {
  await using watched = await watching()
  const bytes = torrentOf('Slow.mkv')
  const path = join(watched.path, 'slow.torrent')
  await writeFile(path, '')
  // It takes longer than a file needs to count as finished.
  for (let at = 0; at < bytes.length; at += 4) {
    await appendFile(path, bytes.subarray(at, at + 4))
    await sleep(80)
    expect(await watched.files()).toEqual(['slow.torrent'])
  }
  await expect.poll(watched.names, SOON).toEqual(['Slow.mkv'])
  await expect.poll(watched.files, SOON).toEqual(['slow.torrent.added'])
})

test('a file with any mistake in it is rejected completely, and the log says why', async () => {
  await using watched = await temporaryFolder()
  await using downloads = await temporaryFolder()
  const put = (name: string, content: string | Uint8Array) => writeFile(join(watched.path, name), content)
  await put('noise.torrent', patternBytes(1_000))
  await put('half.torrent', torrentOf('Half.mkv').subarray(0, 50))
  await put('lines.magnet', `${ONE}\n${TWO.slice(1)}\n${THREE}\n`)
  await put('silent.magnet', '# nothing\n')
  await put('long.magnet', `${ONE}\n`.repeat(30_000))
  await put('good.magnet', THREE)
  await using server = startServerProcess({ WATCH_PATH: watched.path, TORRENT_DOWNLOAD_PATH: downloads.path })
  const api = apiOf(await server.url())
  await expect
    .poll(async () => (await readdir(watched.path)).toSorted(), SOON)
    .toEqual([
      'good.magnet.added',
      'half.torrent.bad',
      'lines.magnet.bad',
      'long.magnet.bad',
      'noise.torrent.bad',
      'silent.magnet.bad',
    ])
  expect((await api.list()).map(({ infoHash }) => infoHash)).toEqual([THREE])
  for (const words of [
    /warn: watch folder: cannot add noise\.torrent reason="not a torrent file: .*"/,
    /half\.torrent reason="not a torrent file/,
    /lines\.magnet reason="line 2: .*neither a magnet link nor an info hash"/,
    /silent\.magnet reason="no magnet link in the file"/,
    /long\.magnet reason="\d+ bytes are too many"/,
    /info: watch folder: added good\.magnet/,
  ]) {
    await expect.poll(() => server.output()).toMatch(words)
  }
})

test('a torrent that does not fit stays in the folder', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'large.torrent'), torrentOf('Large.mkv'))
  await writeFile(join(folder.path, 'some.magnet'), ONE)
  await using app = await startTestApp({ WATCH_PATH: folder.path, CACHE_MAX_SIZE: '900kB' })
  await expect.poll(() => readdir(folder.path), SOON).toContain('some.magnet.added')
  expect((await readdir(folder.path)).toSorted()).toEqual(['large.torrent', 'some.magnet.added'])
  expect((await apiOf(app.url).list()).map(({ infoHash }) => infoHash)).toEqual([ONE])
})

test('a folder that disappears and returns is watched again', async () => {
  await using watched = await watching()
  await rm(watched.path, { recursive: true })
  await mkdir(`${watched.path}.new`)
  await rename(`${watched.path}.new`, watched.path)
  await writeFile(join(watched.path, 'one.magnet'), ONE)
  // There may be no notification: it is checked every 30 s.
  await expect.poll(watched.names, { timeout: 40_000, interval: 500 }).toEqual([ONE])
  await writeFile(join(watched.path, 'two.magnet'), TWO)
  await expect.poll(watched.names, SOON).toEqual([ONE, TWO])
}, 60_000)

test('a link to a torrent file is taken like the file', async () => {
  await using elsewhere = await temporaryFolder()
  await using watched = await watching()
  await writeFile(join(elsewhere.path, 'film.torrent'), torrentOf('Linked.mkv'))
  await symlink(join(elsewhere.path, 'film.torrent'), join(watched.path, 'link.torrent'))
  await symlink(join(elsewhere.path, 'nowhere.torrent'), join(watched.path, 'lost.torrent'))
  await expect.poll(watched.names, SOON).toEqual(['Linked.mkv'])
  await expect.poll(watched.files, SOON).toEqual(['link.torrent.added', 'lost.torrent'])
})

test('a file that cannot be renamed is still taken once', async () => {
  const longest = `${'x'.repeat(255 - '.magnet'.length)}.magnet`
  await using watched = await watching((path) => writeFile(join(path, longest), ONE))
  await expect.poll(watched.names, SOON).toEqual([ONE])
  await apiOf(watched.app.url).remove(ONE)
  await writeFile(join(watched.path, 'two.magnet'), TWO)
  await expect.poll(watched.files, SOON).toEqual(['two.magnet.added', longest])
  expect(await watched.names()).toEqual([TWO])
})
