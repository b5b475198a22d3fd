import { expect, test, vi } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { startEngineProcess } from '../../src/engine/engine-process.ts'
import { createLog } from '../../src/observe/log.ts'
import { childrenOf } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PATIENCE = { silenceMs: 6_000, closeMs: 3_000 }
const UNKNOWN = 'ab'.repeat(20) as InfoHash

test('the engine is not killed while main itself is too busy to hear it, or to see it close a torrent', async () => {
  await using folder = await temporaryFolder()
  await using engine = startEngine(folder.path)
  const pid = await pidOfRunning(engine, folder.path)
  await open(engine, folder.path)
  const closed = engine.close(UNKNOWN)
  block(PATIENCE.silenceMs + 500)
  await closed
  await answers(engine, folder.path)
  expect(engines()).toEqual([pid])
})

test('an engine that hangs is killed and replaced by a new one', async () => {
  await using folder = await temporaryFolder()
  await using engine = startEngine(folder.path)
  const pid = await pidOfRunning(engine, folder.path)
  process.kill(pid, 'SIGSTOP')
  await vi.waitFor(() => expect(engines()).not.toContain(pid), { timeout: 20_000, interval: 50 })
  await answers(engine, folder.path)
  expect(engines()).toHaveLength(1)
})

function startEngine(folder: string): Engine {
  const options = {
    port: 0,
    folders: [folder],
    trustedTrackers: [],
    dht: false,
    pex: false,
    lsd: false,
    utp: false,
    webRtc: false,
    nat: false,
    encryption: 'auto' as const,
    maxPeers: 10,
    dialsPerSecond: 50,
  }
  return startEngineProcess(options, createLog({ level: 'error', format: 'text' }), PATIENCE)
}

function engines(): number[] {
  return childrenOf(process.pid, 'engine/child/main.ts')
}

async function pidOfRunning(engine: Engine, folder: string): Promise<number> {
  await answers(engine, folder)
  const [pid] = engines() as [number]
  return pid
}

/** Resolves when an engine has opened a torrent and closed it. */
async function answers(engine: Engine, folder: string): Promise<void> {
  await open(engine, folder)
  await engine.close(UNKNOWN)
}

/** @returns when the engine reports on the torrent for the first time */
function open(engine: Engine, directory: string): Promise<void> {
  return new Promise((heard) =>
    engine.open({
      infoHash: UNKNOWN,
      trackers: [],
      ofTorrent: [],
      directory,
      claimed: () => undefined,
      goodPeers: () => [],
      on: {
        metainfo: () => undefined,
        verified: () => undefined,
        missing: () => undefined,
        opened: () => undefined,
        wrote: () => undefined,
        changed: () => undefined,
        ended: () => undefined,
        replacing: () => undefined,
        diskFull: () => undefined,
        diskReady: () => undefined,
        stats: () => heard(),
        goodPeers: () => undefined,
        failed: () => undefined,
      },
    }),
  )
}

/** Blocks this process for that time. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
