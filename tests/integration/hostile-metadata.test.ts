import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { connectPeer, freePort, message, type RawPeer } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const PIECE = 16_384
const FILM = patternBytes(2 * PIECE, 'film')
const HASHES = Buffer.concat([sha1(FILM.subarray(0, PIECE)), sha1(FILM.subarray(PIECE))])

function oneFile(name: unknown): Record<string, unknown> {
  return { name, length: FILM.length, 'piece length': PIECE, pieces: HASHES }
}

/** A film, and before it a file with a path of the given parts, in the same piece and so fetched with it. */
function twoFiles(path: unknown, film: unknown = ['film.mkv'], name: unknown = 'folder') {
  return {
    name,
    'piece length': PIECE,
    pieces: HASHES,
    files: [
      { length: 100, path },
      { length: FILM.length - 100, path: film },
    ],
  }
}

const MADE_HARMLESS: readonly [name: string, info: object][] = [
  ['that leads out of the folder', twoFiles(['../../sentinel'])],
  ['that leads out, of a torrent of one file,', oneFile('../../sentinel.mkv')],
  ['that leads out with backslashes', twoFiles(['..\\..\\sentinel'])],
  ['that is absolute', twoFiles(['/tmp/self-streme-escaped'])],
  ['that is absolute, of a torrent of one file,', oneFile('/tmp/self-streme-escaped.mkv')],
  ['that is a dot', twoFiles(['.'])],
  ['that is two dots', twoFiles(['..'])],
  ['that is empty', twoFiles([''])],
  ['of our own folder', twoFiles(['.self-streme'])],
  ['of our own file in our own folder', twoFiles(['.self-streme', 'state.json'])],
  ['of our lock', twoFiles(['.self-streme.lock'])],
  ["of the owner's token", twoFiles(['.self-streme.token'])],
  ['of a device of Windows', twoFiles(['CON'])],
  ['with letters that Windows reserves', oneFile('a<b>:"c|d?e*.mkv')],
  ['over 255 bytes long', oneFile(`${'ü'.repeat(400)}.mkv`)],
  ['with a NUL', oneFile('film\0.mkv')],
  ['with a mark that reverses it', oneFile('exe\u202efilm.mkv')],
  ['whose parts lead out of the folder', twoFiles(['..', '..', 'sentinel'])],
  ['whose parts hold slashes', twoFiles(['../..', '/sentinel'])],
  ['that differs only in case from another', twoFiles(['FILM.MKV'])],
  ['that is a folder in another', twoFiles(['a'], ['a', 'film.mkv'])],
  ['that is a folder of that name in another', twoFiles(['film.mkv'], ['film.mkv', 'film.mkv'])],
  ['that another file has too', twoFiles(['film.mkv'], ['b', 'film.mkv'])],
  ['in a folder that leads out', twoFiles(['a'], ['film.mkv'], '../../..')],
  ['in a folder that is a dot', twoFiles(['a'], ['film.mkv'], '.')],
]

const REFUSED: readonly [name: string, info: object, reason: RegExp][] = [
  ['20 001 files', { ...twoFiles(['a']), files: manyFiles(20_001) }, /more than 20000 files/],
  ['a file of 9e12 bytes', { ...oneFile('a'), length: 9e12 }, /pieces; the limit is/],
  ['a hash too many', { ...oneFile('a'), pieces: Buffer.alloc(60) }, /pieces/],
  ['a piece of a hash', { ...oneFile('a'), pieces: Buffer.alloc(39) }, /pieces/],
  ['a name that is a number', oneFile(5), /name is not a string/],
  ['a path without parts', twoFiles([]), /no path/],
  ['a path that is text', twoFiles('a/b'), /no path/],
  ['a path that is a number', twoFiles(5), /no path/],
  ['a path that is a dictionary', twoFiles({ length: 1 }), /no path/],
  ['a path of numbers', twoFiles([1, 2]), /not a string/],
  ['files that are a dictionary', { ...twoFiles(['a']), files: { length: 5 } }, /not a list/],
]

// One server for all of them; what they left is checked when it has stopped.
let home: Awaited<ReturnType<typeof temporaryFolder>>
let app: TestApp
let port: number
const met = new Set<string>()

beforeAll(async () => {
  home = await temporaryFolder()
  const folder = join(home.path, 'downloads')
  await mkdir(folder)
  await writeFile(join(home.path, 'sentinel'), 'mine')
  await writeFile(join(folder, 'sentinel'), 'mine')
  port = await freePort()
  app = await startServer()
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => home[Symbol.asyncDispose]())

test.for(MADE_HARMLESS)(
  'a file with a name %s is stored in its own folder and nowhere else',
  async ([, info]) => {
    const { infoHash, peer } = await meet(bencode.encode(info))
    serve(peer)
    const isFolder = 'files' in info
    const answer = await fetch(`${app.url}/stream/proxy/${infoHash}/${isFolder ? 1 : 0}`)
    expect(answer.status).toBe(200)
    expectSameBytes(Buffer.from(await answer.arrayBuffer()), FILM.subarray(isFolder ? 100 : 0))

    const names = await readdir(join(home.path, 'downloads', infoHash))
    const files = names.filter((name) => name !== '.self-streme')
    expect(files).toHaveLength(isFolder ? 2 : 1)
    for (const name of files) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
    await expectNothingElse()
    peer.socket.destroy()
  },
)

/** Of one kind of event, the log writes ten a minute and counts the others. */
const MOST_TOLD = 8
let told = 0

test.for(REFUSED)(
  'metadata with %s is refused, and the log says which torrent and why',
  async ([, info, reason]) => {
    const lines: string[] = []
    // The log goes to the console's own stream, if there is one.
    const stdout = (console as unknown as { _stdout?: NodeJS.WriteStream })._stdout ?? process.stdout
    vi.spyOn(stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
    if (told++ % MOST_TOLD === MOST_TOLD - 1) {
      await app[Symbol.asyncDispose]()
      app = await startServer()
    }
    const { infoHash, answered, peer } = await meet(bencode.encode(info))
    expect((await answered).status).toBe(404)
    const line = lines.find((text) => text.includes('Torrent failed') && text.includes(infoHash))
    expect(line).toMatch(reason)
    expect(await readdir(join(home.path, 'downloads'))).not.toContain(infoHash)
    await expectNothingElse()
    peer.socket.destroy()
  },
)

test('after the server has stopped, all of these torrents are gone and nothing else', async () => {
  expect(met.size).toBeGreaterThan(0)
  await app[Symbol.asyncDispose]()
  const left = await readdir(home.path, { recursive: true })
  expect(left.filter((path) => !isServersOwn(path)).sort()).toEqual(NOT_OURS)
  expect(await readFile(join(home.path, 'sentinel'), 'utf8')).toBe('mine')
})

const NOT_OURS = ['downloads', 'downloads/sentinel', 'sentinel']

function startServer(): Promise<TestApp> {
  return startTestApp({
    TORRENT_DOWNLOAD_PATH: join(home.path, 'downloads'),
    TORRENT_PORT: String(port),
    TORRENT_TIMEOUT: '20000',
    TORRENT_MAX_RETRIES: '0',
    TORRENT_CLEANUP_ON_SHUTDOWN: 'all',
    LOG_LEVEL: 'info',
  })
}

/** Everything except the content of the torrents' own folders. */
async function expectNothingElse(): Promise<void> {
  const all = await readdir(home.path, { recursive: true })
  const others = all.filter((path) => !met.has(path.split('/')[1] ?? '') && !isServersOwn(path))
  expect(others.sort()).toEqual(NOT_OURS)
}

function isServersOwn(path: string): boolean {
  return /^downloads\/(\.self-streme\.lock|\.self-streme\.token|self-streme\.db)/.test(path)
}

/** Requests a torrent, and connects as the peer that has its metadata. */
async function meet(metadata: Uint8Array) {
  const infoHash = sha1(metadata).toString('hex')
  met.add(infoHash)
  const answered = fetch(`${app.url}/stream/proxy/${infoHash}/0`, { method: 'HEAD' })
  answered.catch(() => undefined)
  const peer = await connectPeer(port, infoHash)
  peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: metadata.length })
  for (let piece = 0; piece * PIECE < metadata.length; piece++) {
    const part = metadata.subarray(piece * PIECE, (piece + 1) * PIECE)
    peer.sendExtended(1, { msg_type: 1, piece, total_size: metadata.length }, part)
  }
  return { infoHash, peer, answered }
}

/** Has both pieces and sends what is requested. */
function serve({ send, hear }: RawPeer): void {
  send(Buffer.from([5, 0b1100_0000]))
  send(Buffer.from([1]))
  hear((said) => {
    if (said[0] !== 6) return
    const [piece = 0, offset = 0, length = 0] = [1, 5, 9].map((at) => said.readUInt32BE(at))
    const from = piece * PIECE + offset
    send(Buffer.concat([message(7, piece, offset), FILM.subarray(from, from + length)]))
  })
}

function manyFiles(count: number) {
  return Array.from({ length: count }, () => ({ length: 1, path: ['a'] }))
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
