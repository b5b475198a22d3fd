import { chmod, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openOwnerToken, ownerTokenPath, readOwnerToken } from '../../src/admin/owner-token.ts'
import type { Log } from '../../src/observe/log.ts'
import { send } from '../support/send.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const NAME = '.self-streme.token'
/** 256 bits */
const TOKEN = /^[\w-]{43}$/
const KEPT = 'k'.repeat(43)

function recordingLog() {
  const lines: string[] = []
  const note = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level}: ${message} ${JSON.stringify(fields)}`)
  const log: Log = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') }
  return { lines, log }
}

async function openIn(folder: string) {
  const { lines, log } = recordingLog()
  const path = join(folder, NAME)
  return { path, lines, token: await openOwnerToken(path, log) }
}

test('the first start writes a token that only the user of the server can read, and later starts use it', async () => {
  await using folder = await temporaryFolder()
  const first = await openIn(folder.path)
  expect(first.token).toMatch(TOKEN)
  expect((await stat(first.path)).mode & 0o777).toBe(0o600)
  expect(await readOwnerToken(first.path)).toBe(first.token)
  const second = await openIn(folder.path)
  expect(second.token).toBe(first.token)
  expect(second.lines).toEqual([])
  expect(await readdir(folder.path)).toEqual([NAME])
  for (const line of first.lines) expect(line).not.toContain(first.token)
})

test('no two servers have the same token', async () => {
  const tokens = new Set<string>()
  for (let n = 0; n < 3; n++) {
    await using folder = await temporaryFolder()
    tokens.add((await openIn(folder.path)).token)
  }
  expect(tokens.size).toBe(3)
})

test('a token written by the user is accepted, in base64url or hex', async () => {
  await using folder = await temporaryFolder()
  for (const token of ['0123456789abcdef0123456789abcdef', KEPT]) {
    await writeFile(join(folder.path, NAME), `${token}\n`, { mode: 0o600 })
    expect((await openIn(folder.path)).token).toBe(token)
  }
})

test.for(['', '\n', 'short', 'x'.repeat(21), `${KEPT} and more`, `${KEPT}\n${KEPT}`, 'x'.repeat(10_000)])(
  'an invalid token is replaced (%j)',
  async (content) => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, NAME), content, { mode: 0o600 })
    const { token, path, lines } = await openIn(folder.path)
    expect(token).toMatch(TOKEN)
    expect(await readOwnerToken(path)).toBe(token)
    expect(lines[0]).toMatch(/^warn: .*replaced/)
  },
)

test('a token that others could read is replaced', async () => {
  await using folder = await temporaryFolder()
  for (const mode of [0o644, 0o640, 0o620, 0o666]) {
    await writeFile(join(folder.path, NAME), KEPT)
    await chmod(join(folder.path, NAME), mode)
    const { token, path, lines } = await openIn(folder.path)
    expect(token).not.toBe(KEPT)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(lines[0]).toMatch(/^warn: .*replaced.*mode 6/)
  }
})

test('a token file that is a link is replaced, and its target stays unchanged', async () => {
  await using folder = await temporaryFolder()
  await using elsewhere = await temporaryFolder()
  const target = join(elsewhere.path, 'target')
  await writeFile(target, KEPT, { mode: 0o600 })
  for (const make of [
    () => symlink(target, join(folder.path, NAME)),
    () => symlink(join(elsewhere.path, 'nothing'), join(folder.path, NAME)),
    () => link(target, join(folder.path, NAME)),
    () => symlink(target, join(folder.path, `${NAME}.new`)),
  ]) {
    await make()
    const { token, path } = await openIn(folder.path)
    expect(token).not.toBe(KEPT)
    expect(await readOwnerToken(path)).toBe(token)
    expect((await readFile(target, 'utf8')).trim()).toBe(KEPT)
    expect(await readdir(elsewhere.path)).toEqual(['target'])
    await rm(path)
  }
})

test('a token that cannot be written is kept in memory, with a warning', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, NAME))
  await writeFile(join(folder.path, NAME, 'file'), '')
  const { token, lines } = await openIn(folder.path)
  expect(token).toMatch(TOKEN)
  expect(lines.at(-1)).toMatch(/^warn: .*cannot be written.*ADMIN_PASSWORD.*DATA_PATH/)
  expect(await readdir(folder.path)).toEqual([NAME])
  for (const line of lines) expect(line).not.toContain(token)
  const nowhere = await openOwnerToken('/proc/nowhere/token', recordingLog().log)
  expect(nowhere).toMatch(TOKEN)
})

test('the token is stored in DATA_PATH if set, else hidden in the download folder', () => {
  expect(ownerTokenPath({ downloadPath: '/films' })).toBe('/films/.self-streme.token')
  expect(ownerTokenPath({ dataPath: '/data', downloadPath: '/films' })).toBe('/data/admin-token')
})

test('the token is never served or listed, and survives clean-up', async () => {
  await using app = await startTestApp({ TORRENT_TIMEOUT: '100', TORRENT_MAX_RETRIES: '0' })
  const token = await readOwnerToken(join(app.folder, NAME))
  const hash = 'a'.repeat(40)
  for (const path of [
    `/${NAME}`,
    `/stream/proxy/${hash}/0/${NAME}`,
    `/stream/proxy/${hash}/0/..%2F${NAME}`,
    `/stream/proxy/${NAME}`,
    '/catalog/movie/selfstreme-films.json',
    '/',
  ])
    expect((await send(app.url + path)).text, path).not.toContain(token)
  const headers = { Authorization: `Bearer ${token}` }
  for (const path of ['/api/cache', '/api/torrents'])
    expect((await send(app.url + path, { headers })).text, path).not.toMatch(new RegExp(`${token}|token`))
  expect((await send(`${app.url}/admin/cleanup`, { method: 'POST', headers })).status).toBe(200)
  expect(await readOwnerToken(join(app.folder, NAME))).toBe(token)
})

test('token and password stay out of the log, and wrong guesses are logged with the address', async () => {
  await using folder = await temporaryFolder()
  const password = 'correct horse battery'
  const settings = { TORRENT_DOWNLOAD_PATH: folder.path, ADMIN_PASSWORD: password, LOG_LEVEL: 'debug' }
  await using server = startServerProcess(settings)
  const url = await server.url()
  const token = await readOwnerToken(join(folder.path, NAME))
  const statusFor = async (secret: string) =>
    (await send(`${url}/api/torrents`, { headers: { Authorization: `Bearer ${secret}` } })).status
  expect(await statusFor(token)).toBe(200)
  expect(await statusFor(password)).toBe(200)
  for (let n = 0; n < 50; n++) await statusFor(`wrong guess ${n}`)
  await expect.poll(() => server.output()).toContain('tries=1 address=127.0.0.1')
  const output = server.output()
  for (const secret of [token, password, 'wrong guess']) expect(output).not.toContain(secret)
  expect(output.match(/wrong passwords sent/g)).toHaveLength(1)
})
