import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStream } from '../support/http-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { freePort } from '../support/raw-peer.ts'
import { startNamingTracker, startStuckPeers } from '../support/stuck-peers.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

// The time that a viewer waits only means something on a machine with time to spare. The long tests run one by one, and
// two of these side by side take less than one of two cores, since they mostly wait for the seeder.

const MIB = 1024 * 1024
const PIECE = MIB / 2
const film = patternBytes(40 * MIB)
const swarmTest = test.skipIf(!hasSeeder)

const drip = { film, pieceLength: PIECE, everyMs: 2_500 }
const CASES = [1, 2, 3, 5, 20, 35].flatMap((count) =>
  (['one', 'many'] as const).flatMap((from) => [
    [count, 'are silent', from, undefined] as const,
    [count, 'answer a block every 2.5 s', from, drip] as const,
  ]),
)

swarmTest.concurrent.for(CASES)(
  '%i peers that %s, of %s address, do not keep a film from a viewer',
  async ([count, , from, drip]) => {
    await using parts = new AsyncDisposableStack()
    const path = join(parts.use(await temporaryFolder()).path, 'Film.mkv')
    await writeFile(path, film)
    const seeder = parts.use(
      await startSwarm({
        path,
        pieceLength: PIECE,
        uploadLimit: 5_000_000,
        tickInterval: 20,
        trackerUrl: '',
      }),
    )
    const { infoHash } = seeder
    const stuck = parts.use(await startStuckPeers({ infoHash, count, from, ...(drip && { drip }) }))
    // The honest peer is in the middle of the list: some of the others are tried before it.
    const names = [...stuck.addresses]
    names.splice(Math.floor(count / 2), 0, { host: '127.0.0.1', port: seeder.port })
    const tracker = parts.use(await startNamingTracker(names))
    const port = await freePort()
    const app = parts.use(await startTestApp({ TORRENT_TRACKERS: tracker.url, TORRENT_PORT: String(port) }))
    // As many connect by themselves as soon as the server listens.
    for (let n = 0; n < count; n++) stuck.come(port).catch(() => undefined)

    const startedAt = performance.now()
    const stream = await openStream(`${app.url}/stream/proxy/${infoHash}`)
    let last = performance.now()
    const startMs = last - startedAt
    let gapMs = 0
    let bytes = 0
    for await (const chunk of stream) {
      const now = performance.now()
      gapMs = Math.max(gapMs, now - last)
      last = now
      bytes += (chunk as Buffer).length
    }
    console.info(
      `${count} ${drip ? 'dripping' : 'silent'} of ${from}: start ${Math.round(startMs)} ms, longest gap ${Math.round(gapMs)} ms, all in ${Math.round(last - startedAt)} ms, met ${stuck.meetings()}`,
    )
    expect(stuck.meetings()).toBeGreaterThanOrEqual(Math.min(count, 4))
    expect(bytes).toBe(film.length)
    expect(gapMs).toBeLessThan(count === 35 ? 5_000 : 2_000)
  },
)
