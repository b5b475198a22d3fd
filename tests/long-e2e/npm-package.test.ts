import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOldNode, systemFolders } from '../support/old-node.ts'
import { patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { seedWithWebtorrent } from '../support/webtorrent-seeder.ts'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))
const MIB = 1024 * 1024
const film = patternBytes(2 * MIB + 345)
/** It compiles, and requests more than a hundred packages from the npm registry. */
const INSTALL_MS = 600_000
const run = promisify(execFile)
const resources = new AsyncDisposableStack()
const oldNode = await findOldNode()

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
  readonly bundled: readonly string[]
}
let packed: Packed
/** a folder with nothing but the installed package */
let installed: string

beforeAll(async () => {
  const folder = resources.use(await temporaryFolder()).path
  const npm = { env: environment(systemFolders), maxBuffer: 16 * MIB }
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    ...npm,
    cwd: CHECKOUT,
  })
  // npm 12 has an entry for each package, earlier versions a list.
  packed = Object.values(JSON.parse(stdout) as Packed[])[0] as Packed
  installed = join(folder, 'installed')
  await mkdir(installed)
  await writeFile(join(installed, 'package.json'), '{}')
  await run('npm', ['install', join(folder, packed.filename)], { ...npm, cwd: installed })
}, INSTALL_MS)
afterAll(() => resources.disposeAsync())

test('the npm package has JavaScript, and neither sources nor tests', async () => {
  const own = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('node_modules/'))
  expect(own).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'README.md',
      'bin/self-streme.js',
      'deploy/nginx.conf',
      'dist/manifest/logo.svg',
      'dist/src/cli.js',
      'dist/src/engine/child/main.js',
      'dist/src/sources/reading/reading-thread.js',
      'package.json',
    ]),
  )
  expect(own.filter((path) => !/^(bin|deploy|dist)\/|^[^/]+$/.test(path) || /\.ts$|test/.test(path))).toEqual(
    [],
  )
  // What webtorrent needs with our overrides; the Node package differs between platforms.
  expect(packed.bundled).toEqual(expect.arrayContaining(['webtorrent', 'load-ip-set', 'node-datachannel']))
  expect(packed.bundled).not.toContain('node')
  expect(await readdir(CHECKOUT)).not.toContain('dist')
})

test('npx self-streme uses its own name in its output', async () => {
  const { stdout } = await run('npx', ['self-streme', '--help'], {
    cwd: installed,
    env: environment([dirname(process.execPath), ...systemFolders]),
  })
  expect(stdout).toMatch(/^npx self-streme <command>\n/)
  expect(stdout).not.toContain('npm run')
})

test('npx self-streme serve answers with the manifest, a placed file, and a film from a swarm', () =>
  serveAndAsk([dirname(process.execPath), ...systemFolders]))

// Only where the machine has one.
test.skipIf(oldNode === undefined)(
  'npx self-streme serve under an old Node uses the Node that npm installed',
  async () => {
    const path = [dirname(oldNode ?? ''), ...systemFolders]
    const { stdout } = await run('node', ['--version'], { env: environment(path) })
    expect(stdout).not.toBe(`${process.version}\n`)
    await serveAndAsk(path)
  },
)

async function serveAndAsk(path: readonly string[]): Promise<void> {
  await using downloads = await temporaryFolder()
  await using seeded = await temporaryFolder()
  await writeFile(join(seeded.path, 'Film.mkv'), film)
  await using swarm = await seedWithWebtorrent(join(seeded.path, 'Film.mkv'), -1)
  const placedHash = 'ab'.repeat(20)
  await writeFile(join(downloads.path, `Placed ${placedHash}.mp4`), film)
  await using server = startWithNpx(path, {
    ...swarm.settings,
    TORRENT_DOWNLOAD_PATH: downloads.path,
  })
  const url = await server.url()

  const manifest = await fetch(`${url}/manifest.json`)
  expect(await manifest.json()).toMatchObject({ id: 'community.self-streme' })
  expect((await fetch(`${url}/logo.svg`)).status).toBe(200)
  for (const infoHash of [placedHash, swarm.infoHash]) {
    const answer = await fetch(`${url}/stream/proxy/${infoHash}`)
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
  }
  expect(server.output()).not.toMatch(/error|warning/i)
}

function startWithNpx(path: readonly string[], settings: Readonly<Record<string, string>>) {
  const server = spawn('npx', ['self-streme', 'serve'], {
    cwd: installed,
    env: {
      ...environment(path),
      PORT: '0',
      HOST: '127.0.0.1',
      TORRENT_PORT: '0',
      TORRENT_DHT: 'false',
      METADATA_URL: '',
      ...settings,
    },
    // A process group of its own, to be ended together.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text: Buffer) => (output += text))
  const ended = once(server, 'close')
  return {
    output: () => output,
    async url() {
      await expect
        .poll(() => /listens on (\S+)/.exec(output)?.[1] ?? output, { timeout: 60_000 })
        .toMatch(/^http:\/\/\S+$/)
      return /listens on (\S+)/.exec(output)?.[1] ?? ''
    },
    async [Symbol.asyncDispose]() {
      if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL')
      await ended
    },
  }
}

/** As in a terminal: without the variables of the npm and vitest that run this test. */
function environment(path: readonly string[]): Record<string, string> {
  return { PATH: path.join(delimiter), HOME: process.env.HOME ?? '' }
}
