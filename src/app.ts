import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from './app-parts.ts'
import type { Config } from './config/config.ts'
import { startEngineProcess } from './engine/engine-process.ts'
import { createLog } from './observe/log.ts'
import { lockDownloadFolder } from './storage/download-lock.ts'

export type { App }

/** Spawning takes some milliseconds; the folders of torrents are looked up first, and their disk may not answer. */
const MAX_SPAWN_MS = 1_000

/**
 * Opens everything. The engine comes first, and the code of all other parts is loaded while its process loads its own:
 * it takes as long as the rest of the server, and films are requested as soon as the HTTP port is open.
 */
export async function createApp(config: Config): Promise<App> {
  await using opened = new AsyncDisposableStack()
  const log = createLog(config.log)
  const lock = opened.use(await lockDownloadFolder(config.torrents.root, log))
  const engine = opened.use(startEngineProcess(config.engine, log))
  // Loading code takes all of this process' time, so that it would be spawned afterwards.
  await Promise.race([engine.whenSpawned, sleep(MAX_SPAWN_MS, undefined, { ref: false })])
  const { openParts } = await import('./app-parts.ts')
  const parts = opened.use(await openParts(config, { lock, engine }, log))
  const all = opened.move()
  return { ...parts, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
