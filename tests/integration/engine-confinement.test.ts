import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { permissionsOf } from '../../src/engine/confinement.ts'
import { childrenOf } from '../support/processes.ts'
import { freePort } from '../support/raw-peer.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
const SECRET = 'correct-horse-battery'

test('the engine gets no secret of main, neither in its environment nor on its command line', async () => {
  await using downloads = await temporaryFolder()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: downloads.path,
    NODE_OPTIONS: '--max-old-space-size=512',
    NODE_COMPILE_CACHE: join(downloads.path, 'compiled'),
    HOME: `/home/${SECRET}`,
    ADMIN_PASSWORD: SECRET,
    TORZNAB_URL: `http://127.0.0.1:1/api?apikey=${SECRET}`,
    TORZNAB_API_KEY: SECRET,
    UPSTREAM_ADDONS: `http://127.0.0.1:1/${SECRET}/manifest.json`,
    HTTPS_PROXY: `http://user:${SECRET}@127.0.0.1:1`,
    AWS_SECRET_ACCESS_KEY: SECRET,
  })
  await server.url()
  const main = server.child.pid as number
  const [engine] = await engineOf(main)
  expect(textOf(main, 'environ')).toContain(SECRET)
  expect(`${textOf(engine, 'environ')}${textOf(engine, 'cmdline')}`).not.toContain(SECRET)
  const names = textOf(engine, 'environ')
    .split('\0')
    .filter(Boolean)
    .map((line) => line.slice(0, line.indexOf('=')))
  expect(names.sort()).toEqual([
    'MALLOC_MMAP_THRESHOLD_',
    'MALLOC_TRIM_THRESHOLD_',
    // Needed by Node itself, for its messages.
    'NODE_CHANNEL_FD',
    'NODE_CHANNEL_SERIALIZATION_MODE',
    'NODE_COMPILE_CACHE',
    'NODE_OPTIONS',
  ])
})

test('the engine starts with all features enabled, and may open every file it needs', async () => {
  await using downloads = await temporaryFolder()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: downloads.path,
    TORRENT_UTP: 'true',
    TORRENT_WEBRTC: 'true',
    TORRENT_NAT: 'true',
    TORRENT_LSD: 'true',
    TORRENT_TRACKERS: 'wss://127.0.0.1:1/',
    LOG_LEVEL: 'debug',
  })
  const url = await server.url()
  const [engine] = await engineOf(server.child.pid as number)
  const leaving = new AbortController()
  fetch(`${url}/stream/proxy/${'ab'.repeat(20)}`, { signal: leaving.signal }).catch(() => undefined)
  // The torrent was opened in the engine, and its tracker was asked.
  await expect.poll(() => server.output()).toContain('swarm warning')
  leaving.abort()
  expect(server.output()).not.toMatch(/ERR_ACCESS_DENIED|restricted|not supported|SecurityWarning|error:/i)
  expect(textOf(engine, 'cmdline')).toContain('--permission')
  expect(await engineOf(server.child.pid as number)).toEqual([engine])
})

test('the engine reads its code and the folders of torrents, and writes to those folders only', async () => {
  await using folder = await temporaryFolder()
  const at = (...names: string[]) => join(folder.path, ...names)
  await mkdir(at('extra'))
  await mkdir(at('downloads beside'))
  await symlink(at('extra'), at('link'))
  await writeFile(at('secret'), SECRET)
  // The download folder is made later.
  const config = readConfig({ TORRENT_DOWNLOAD_PATH: at('downloads'), TORRENT_EXTRA_PATHS: at('link') })
  const permissions = await permissionsOf(config.engine, {})
  const inFolders = [at('downloads', 'film.mkv'), at('extra', 'a', 'film.mkv'), at('link', 'film.mkv')]
  const code = [join(PACKAGE, 'src', 'main.ts'), join(PACKAGE, 'node_modules', 'webtorrent', 'index.js')]
  const elsewhere = [
    at('secret'),
    at('downloads beside', 'film.mkv'),
    at('downloads', '..', 'secret'),
    join(PACKAGE, '.env'),
    `/proc/${process.pid}/environ`,
    '/etc/passwd',
  ]
  const asked = [...inFolders, ...code, ...elsewhere]
  const script = `const has = (what, path) => process.permission.has(what, path)
    const answers = JSON.parse(process.argv[1]).map((path) => [has('fs.read', path), has('fs.write', path)])
    process.stdout.write(JSON.stringify({ answers, child: has('child'), worker: has('worker') }))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...permissions,
    '-e',
    script,
    JSON.stringify(asked),
  ])
  expect(JSON.parse(stdout)).toEqual({
    answers: [
      ...inFolders.map(() => [true, true]),
      ...code.map(() => [true, false]),
      ...elsewhere.map(() => [false, false]),
    ],
    child: false,
    worker: false,
  })
})

test('the engine writes its compile cache into a folder that main loads nothing from', async () => {
  await using folder = await temporaryFolder()
  const cache = join(folder.path, 'compiled')
  const port = await freePort()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: join(folder.path, 'downloads'),
    NODE_COMPILE_CACHE: cache,
    TORRENT_PORT: String(port),
  })
  await server.url()
  // By then it has loaded all of its code.
  await expect.poll(() => isListening(port)).toBe(true)
  server.child.kill('SIGTERM')
  expect(await server.ended()).toBe(0)
  const filesIn = async (path: string) =>
    (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  expect((await filesIn(join(cache, 'engine'))).length).toBeGreaterThan(0)

  const { engine } = readConfig({})
  const permissions = await permissionsOf(engine, { NODE_COMPILE_CACHE: cache })
  expect(permissions.filter((option) => option.includes(cache))).toEqual([
    `--allow-fs-read=${cache}/engine/*`,
    `--allow-fs-write=${cache}/engine/*`,
  ])
})

test('code that NODE_OPTIONS loads into every process may read its own files', async () => {
  const { engine } = readConfig({})
  for (const options of ['--import=file:///a.mjs', '-r ./a.cjs', '--no-warnings --require /a.cjs']) {
    expect(await permissionsOf(engine, { NODE_OPTIONS: options })).toEqual([])
  }
  expect(await permissionsOf(engine, { NODE_OPTIONS: '--dns-result-order=ipv4first' })).toContain(
    '--permission',
  )
})

async function engineOf(main: number): Promise<number[]> {
  await expect.poll(() => childrenOf(main, 'engine/child/main.ts')).toHaveLength(1)
  return childrenOf(main, 'engine/child/main.ts')
}

function textOf(pid: number | undefined, file: 'environ' | 'cmdline'): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
