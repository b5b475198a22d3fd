import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import bencode from 'bencode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { type CommandResult, type } from '../support/command-line.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const UNKNOWN = 'c0ffee0000000000000000000000000000000000'

/** Runs a command on the machine of a server, with the same settings. */
function typeAt({ url, folder }: TestApp, settings: Readonly<Record<string, string>> = {}) {
  const { port } = new URL(url)
  return (...args: string[]): Promise<CommandResult> =>
    type(args, { PORT: port, TORRENT_DOWNLOAD_PATH: folder, ...settings })
}

describe('with a film on disk', () => {
  let app: TestApp
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let infoHash: string
  let run: ReturnType<typeof typeAt>

  beforeAll(async () => {
    folder = await temporaryFolder()
    const files = [{ name: 'A Film.mkv', bytes: patternBytes(3 * MIB) }]
    ;({ infoHash } = await leaveCompleteTorrent({ root: folder.path, files }))
    await writeFile(join(folder.path, `${UNKNOWN}.mkv`), patternBytes(2 * MIB))
    app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path, CACHE_MAX_SIZE: '5GB' })
    run = typeAt(app)
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  test('"cache ls" lists the film, as text and as JSON', async () => {
    const { code, stdout } = await run('cache', 'ls')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^HASH +STATE +DONE +SIZE/)
    expect(stdout).toMatch(
      new RegExp(`^${infoHash.slice(0, 12)}  whole +100 % +3\\.1 MB .*A Film\\.mkv$`, 'm'),
    )
    expect(stdout).toContain('3.1 MB used (CACHE_MAX_SIZE 5.0 GB)')
    expect(stdout).toMatch(
      new RegExp(`^${UNKNOWN.slice(0, 12)}  yours +2\\.1 MB +0\\.0  never +${UNKNOWN}\\.mkv$`, 'm'),
    )
    expect(JSON.parse((await run('cache', 'ls', '--json')).stdout)).toMatchObject({
      maxBytes: 5e9,
      torrents: [{ infoHash, state: 'whole' }],
    })
  })

  test('"pin" and "unpin" accept the first digits of an info hash', async () => {
    expect(await run('pin', infoHash.slice(0, 6).toUpperCase())).toMatchObject({
      code: 0,
      stdout: 'A Film.mkv is kept until it is unpinned\n',
    })
    expect((await run('cache', 'ls')).stdout).toMatch(/ pin .*A Film/)
    expect((await run('cache', 'explain')).stdout).toMatch(
      /^Nothing may be removed\.\nStays:\n.*A Film\.mkv: pinned/,
    )
    expect(JSON.parse((await run('unpin', infoHash, '--json')).stdout)).toMatchObject({
      infoHash,
      isPinned: false,
    })
    expect(JSON.parse((await run('cache', 'explain', '--json')).stdout)).toMatchObject({
      kept: [{ infoHash, why: expect.stringMatching(/^read \d+ s ago/) }],
    })
  })

  test('"cache cleanup" says what is kept, and why', async () => {
    const { code, stdout } = await run('cache', 'cleanup')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^removed 0 torrents, freed 0 bytes\nkept .*A Film\.mkv: read \d+ s ago/)
  })

  test.for([
    [['pin', 'abcde'], 2, /first 6 or more digits/],
    [['pin', 'ffffff'], 1, /no torrent on disk begins with ffffff/],
    [['pin', UNKNOWN], 1, /c0ffee.* is not on disk/],
    [['pin'], 2, /expected one info hash/],
    [['rm', UNKNOWN, UNKNOWN], 2, /expected one info hash/],
    [['add', 'film.torrent'], 1, /not a magnet link or an info hash, and there is no file .*film\.torrent/],
    [['add', '/dev/zero'], 1, /^\/dev\/zero is not a file$/m],
    [['add', 'magnet:?dn=Film'], 1, /"magnet:\?dn=Film" has no info hash of BitTorrent v1/],
    [['add', UNKNOWN, '--files', 'most'], 2, /--files must be "main"/],
    [['add', UNKNOWN, '--path', '/etc'], 1, /not under one of TORRENT_EXTRA_PATHS/],
    [['cache', 'wipe'], 2, /unknown command "cache wipe".*cache ls.*cache explain/s],
  ] as const)('command %j is refused with a reason', async ([args, exitCode, words]) => {
    const { code, stdout, stderr } = await run(...args)
    expect([code, stdout]).toEqual([exitCode, ''])
    expect(stderr).toMatch(words)
  })
})

test('digits that several torrents begin with are refused, with the names of the torrents', async () => {
  await using app = await startTestApp()
  const run = typeAt(app)
  const [one, other] = [UNKNOWN, `${UNKNOWN.slice(0, -1)}1`]
  await run('add', one)
  await run('add', other)
  const { code, stderr } = await run('rm', 'c0ffee')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^2 torrents begin with c0ffee:/)
  expect(stderr).toContain(one)
  expect(stderr).toContain(other)
})

test('"add" accepts an info hash, a magnet link and a torrent file, and reports progress', async () => {
  await using folder = await temporaryFolder()
  await using extra = await temporaryFolder()
  await using app = await startTestApp({ TORRENT_EXTRA_PATHS: extra.path })
  const run = typeAt(app)
  expect(await run('add', UNKNOWN)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^c0ffee.* added and pinned: 0 bytes, /),
  })
  const magnet = `magnet:?xt=urn:btih:${'ab'.repeat(20)}&tr=udp%3A%2F%2Ftracker.example.org%3A1337`
  expect(JSON.parse((await run('add', magnet, '--files', '0,2', '--no-pin', '--json')).stdout)).toMatchObject(
    {
      infoHash: 'ab'.repeat(20),
      wish: [0, 2],
      isPinned: false,
    },
  )
  const selecting = `magnet:?xt=urn:btih:${'cd'.repeat(20)}&so=1,4-5`
  expect(JSON.parse((await run('add', selecting, '--json')).stdout).wish).toEqual({
    select: [
      [1, 1],
      [4, 5],
    ],
  })
  expect(JSON.parse((await run('add', selecting, '--files', 'all', '--json')).stdout).wish).toBe('all')
  // The maker of a torrent chooses its name: it must not control the terminal.
  const name = '\u001b[2JA \u001b]0;Film\u0007.mkv'
  const info = { length: 9 * MIB, name, 'piece length': 16 * MIB, pieces: Buffer.alloc(20) }
  const file = join(folder.path, 'a film.torrent')
  await writeFile(file, bencode.encode({ info }))
  await mkdir(join(extra.path, 'films'))
  const typed = await run('add', file, '--files', 'all', '--path', join(extra.path, 'films'))
  expect(typed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^\\u001b\[2JA \\u001b\]0;Film\\u0007\.mkv added and pinned: 0 bytes of 9\.4 MB/,
    ),
  })
  expect((await run('cache', 'ls')).stdout.match(/^\w{12} /gm)).toHaveLength(4)
})

test('"add" gives the numbers when there is no space', async () => {
  await using folder = await temporaryFolder()
  await using app = await startTestApp({ CACHE_MAX_SIZE: '5MB' })
  const info = { length: 9 * MIB, name: 'A Film.mkv', 'piece length': 16 * MIB, pieces: Buffer.alloc(20) }
  const file = join(folder.path, 'film.torrent')
  await writeFile(file, bencode.encode({ info }))
  const { code, stderr } = await typeAt(app)('add', file)
  expect(code).toBe(1)
  expect(stderr).toMatch(/does not fit: it needs 9\.4 MB.*CACHE_MAX_SIZE: 5\.0 MB/)
})

test('"rm" removes a film, or returns it to the user', async () => {
  await using folder = await temporaryFolder()
  const leave = (name: string) =>
    leaveCompleteTorrent({ root: folder.path, files: [{ name, bytes: patternBytes(2 * MIB, name) }] })
  const [gone, kept] = [await leave('Gone.mkv'), await leave('Kept.mkv')]
  await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
  const run = typeAt(app)
  expect((await run('rm', gone.infoHash.slice(0, 8))).stdout).toMatch(/^removed [0-9a-f]+, freed 2\.1 MB\n$/)
  await expect(access(gone.directory)).rejects.toThrow()
  expect((await run('rm', kept.infoHash, '--keep-data')).stdout).toBe(
    `${kept.infoHash} is yours, in ${kept.directory}\n`,
  )
  expect((await readFile(kept.paths[0] ?? '')).length).toBe(2 * MIB)
})

test("commands read the owner's token where the server keeps it", async () => {
  await using data = await temporaryFolder()
  for (const settings of [{}, { DATA_PATH: join(data.path, 'a', 'b') }]) {
    await using app = await startTestApp({ ...settings, ADMIN_PASSWORD: undefined })
    expect((await typeAt(app, settings)('cache', 'ls')).code).toBe(0)
  }
})

test('without token and password, a command says what the server expects', async () => {
  await using elsewhere = await temporaryFolder()
  await using app = await startTestApp({ ADMIN_PASSWORD: undefined })
  const { code, stderr } = await typeAt(app, { TORRENT_DOWNLOAD_PATH: elsewhere.path })('cache', 'ls')
  expect([code, stderr]).toEqual([1, expect.stringMatching(/ADMIN_PASSWORD.*\.self-streme\.token/)])
})

test('the admin password is sent, whatever letters it has, also when the token is outdated', async () => {
  await using elsewhere = await temporaryFolder()
  const settings = { ADMIN_PASSWORD: 'pässword ✓ 12' }
  const other = { TORRENT_DOWNLOAD_PATH: elsewhere.path }
  await using app = await startTestApp(settings)
  expect((await typeAt(app, { ...settings, ...other })('cache', 'ls')).code).toBe(0)
  await writeFile(join(elsewhere.path, '.self-streme.token'), 'x'.repeat(43))
  expect((await typeAt(app, { ...settings, ...other })('cache', 'ls')).code).toBe(0)
  const wrong = { ...other, ADMIN_PASSWORD: 'wrong password' }
  const { code, stderr } = await typeAt(app, wrong)('cache', 'ls')
  expect([code, stderr]).toEqual([1, expect.stringContaining('ADMIN_PASSWORD')])
})

test('a command says when no server answers, or a server that is not ours', async () => {
  const stranger = createServer((_req, res) => res.writeHead(418).end('I am a teapot'))
  stranger.listen(0, '127.0.0.1')
  await expect.poll(() => stranger.listening).toBe(true)
  const { port } = stranger.address() as AddressInfo
  const answered = await type(['cache', 'ls'], { PORT: String(port) })
  expect([answered.code, answered.stderr]).toEqual([1, expect.stringContaining('unexpected status 418')])
  stranger.close()
  stranger.closeAllConnections()
  const { code, stdout, stderr } = await type(['cache', 'ls'], { PORT: String(port) })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^no server at http:\/\/127\.0\.0\.1:\d+: is it running/)
  expect((await type(['cache', 'ls'], { PORT: '0' })).stderr).toContain('PORT=0')
})

test('"ahead ls" says when nothing is fetched ahead, and "ahead stop" when nothing was stopped', async () => {
  await using app = await startTestApp()
  const run = typeAt(app)
  expect(await run('ahead', 'ls')).toMatchObject({ code: 0, stdout: 'No predownloads.\n' })
  expect(JSON.parse((await run('ahead', 'ls', '--json')).stdout)).toEqual({ predownloads: [] })
  expect(await run('ahead', 'stop', '--all')).toMatchObject({ code: 0, stdout: '0 stopped\n' })
  expect(await run('ahead', 'stop', UNKNOWN)).toMatchObject({
    code: 1,
    stderr: `no predownload of ${UNKNOWN}\n`,
  })
  expect((await run('ahead', 'stop')).code).toBe(2)
})

describe('an answer longer than a pipe holds', () => {
  let stranger: Server
  let settings: { readonly PORT: string }
  const overview = { torrents: [], placed: [], usedBytes: 0, freeBytes: 0, minFreeBytes: 0 }
  const notes = 'A film.mkv '.repeat(100_000)

  beforeAll(async () => {
    stranger = createServer((_req, res) => res.end(JSON.stringify({ ...overview, notes })))
    stranger.listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    settings = { PORT: String((stranger.address() as AddressInfo).port) }
  })
  afterAll(() => {
    stranger.close()
    stranger.closeAllConnections()
  })

  test('is printed to its end', async () => {
    const { code, stdout } = await type(['cache', 'ls', '--json'], settings)
    expect(code).toBe(0)
    expect(stdout.length).toBeGreaterThan(notes.length)
    expect(stdout.endsWith('\n}\n')).toBe(true)
  })

  test('may be read in part only', async () => {
    const words = `"${process.execPath}" src/cli.ts cache ls --json | head -c 1`
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', words], {
      env: { ...baseEnvironment(), ...settings },
    })
    expect([stdout, stderr]).toEqual(['{', ''])
  })
})
