import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const film = patternBytes(6 * MIB + 321)
const longAgo = new Date('2024-05-06T07:08:09.500Z')

/**
 * Notes every connection and datagram socket that a process opens, and ends an engine that is switched off. Its
 * settings are written into it, because the engine gets only selected environment variables.
 */
function watchdogFor(notes: string, isEngineOff: boolean): string {
  return `
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
if (${isEngineOff} && process.argv[1]?.endsWith('engine/child/main.ts')) process.exit(1)
for (const channel of ['net.client.socket', 'udp.socket'])
  subscribe(channel, () => appendFileSync(${JSON.stringify(notes)}, process.argv[1] + ' ' + channel + '\\n'))
`
}

test('scenario 1: a cached file is streamed at once without P2P', async () => {
  await using downloads = await temporaryFolder()
  const { path: root } = downloads
  const hashes = [
    '39730aa7c09b864432bc8c878c20c933059241fd',
    'c0ffee'.padEnd(40, '1'),
    'c0ffee'.padEnd(40, '2'),
  ]
  await place(join(root, `${hashes[0]}-movie.mp4`))
  await place(join(root, 'Films', `Film [${hashes[1]?.toUpperCase()}].mkv`))
  await place(join(root, `${hashes[2]}`, 'Film.mkv'))
  const fetched = await leaveCompleteTorrent({ root, files: [{ name: 'Fetched.mkv', bytes: film }] })

  await using server = await start(root, { isEngineOff: true })
  for (const hash of [...hashes, fetched.infoHash]) {
    const url = `${server.url}/stream/proxy/${hash}`
    expectSameBytes((await send(url)).body, film)
    expectSameBytes(await getRange(url, 3 * MIB, 4 * MIB), film.subarray(3 * MIB, 4 * MIB + 1))
  }
  await expect.poll(() => server.process.output()).toContain('engine process ended')
  expect(await server.networkNotes()).toBe('')
})

test.skipIf(!hasSeeder)(
  'scenario 2: a file that is not cached is fetched by P2P and cached for future use',
  async () => {
    await using folder = await temporaryFolder()
    await using downloads = await temporaryFolder()
    const path = join(folder.path, 'Film.mkv')
    await writeFile(path, film)
    await using swarm = await startSwarm({ path })
    const way = `/stream/proxy/${swarm.infoHash}`
    {
      await using server = await start(downloads.path, { settings: swarm.settings })
      expectSameBytes((await send(server.url + way)).body, film)
      await expect.poll(() => server.process.output()).toContain('Download complete: Film.mkv')
      expect(await server.networkNotes()).toContain('engine/child/main.ts net.client.socket')
      await swarm.stopSeeding()
      expectSameBytes((await send(server.url + way)).body, film)
    }
    await using server = await start(downloads.path, { isEngineOff: true, settings: swarm.settings })
    expectSameBytes((await send(server.url + way)).body, film)
    expect(await server.networkNotes()).toBe('')
  },
)

test.for([
  ['without peers', 'abcd1234567890abcd1234567890abcd12345678'],
  ['that is invalid, as the one in the guide', 'xyz9876543210xyz9876543210xyz987654321'],
])(
  'scenario 3: a file that is not cached, for a hash %s, is answered 404 with a helpful message',
  async ([, hash]) => {
    await using downloads = await temporaryFolder()
    const settings = { TORRENT_TIMEOUT: '500', TORRENT_MAX_RETRIES: '0' }
    await using server = await start(downloads.path, { settings })
    const answer = await send(`${server.url}/stream/proxy/${hash}`)
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.json).toEqual({
      error: 'Stream not found',
      message: 'Unable to stream this content. P2P connectivity is unavailable and no cached version exists.',
      suggestion: 'This content requires P2P connectivity or needs to be downloaded first.',
    })
  },
)

interface Started extends AsyncDisposable {
  readonly process: ServerProcess
  /** its address */
  readonly url: string
  /** a line for each connection and datagram socket that it or its engine has opened */
  networkNotes(): Promise<string>
}

async function start(
  root: string,
  { isEngineOff = false, settings = {} }: { isEngineOff?: boolean; settings?: Record<string, string> },
): Promise<Started> {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await temporaryFolder())
  const notes = join(folder.path, 'network')
  await writeFile(notes, '')
  const watchdog = join(folder.path, 'watchdog.mjs')
  await writeFile(watchdog, watchdogFor(notes, isEngineOff))
  const server = starting.use(
    startServerProcess({
      TORRENT_DOWNLOAD_PATH: root,
      NODE_OPTIONS: `--import=${pathToFileURL(watchdog)}`,
      ...settings,
    }),
  )
  const url = await server.url()
  const parts = starting.move()
  return {
    process: server,
    url,
    networkNotes: () => readFile(notes, 'utf8'),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Puts the film there, completed long ago. */
async function place(path: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, film)
  await utimes(path, longAgo, longAgo)
}
