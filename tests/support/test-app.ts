import { type App, createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config/config.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { EngineOptions } from '../../src/engine/engine.ts'
import { OWNER_PASSWORD } from './owner.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A complete server on a free port of 127.0.0.1, which makes no requests to the internet. */
export interface TestApp extends AsyncDisposable {
  readonly app: App
  /** `http://127.0.0.1:…`, without a slash at the end */
  readonly url: string
  /** its download folder */
  readonly folder: string
}

/**
 * Starts the server as `main.ts` does.
 *
 * @param settings - as in the environment; `TORRENT_DOWNLOAD_PATH` defaults to a folder that is removed with the app;
 * `undefined` unsets what is set for all tests
 * @param engine - options that no setting has
 */
export async function startTestApp(
  settings: Readonly<Record<string, string | undefined>> = {},
  engine: Pick<EngineOptions, 'nameServers'> = {},
): Promise<TestApp> {
  await using starting = new AsyncDisposableStack()
  const folder = settings.TORRENT_DOWNLOAD_PATH ?? starting.use(await temporaryFolder()).path
  const config = readConfig({
    PORT: '0',
    HOST: '127.0.0.1',
    TORRENT_DOWNLOAD_PATH: folder,
    TORRENT_PORT: '0',
    TORRENT_TRACKERS: '',
    TORRENT_DHT: 'false',
    METADATA_URL: '',
    LOG_LEVEL: 'error',
    ADMIN_PASSWORD: OWNER_PASSWORD,
    ...settings,
  })
  const app = starting.use(await createApp({ ...config, engine: { ...config.engine, ...engine } }))
  const parts = starting.move()
  return {
    app,
    url: `http://127.0.0.1:${app.port}`,
    folder,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Whether the server counts the film of a torrent as complete. */
export async function isCompleteOnDisk({ app }: TestApp, infoHash: string): Promise<boolean> {
  await using stream = await app.torrents.findWhole(infoHash as InfoHash)
  return stream !== undefined
}
