import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import manifest from '../../../package.json' with { type: 'json' }
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { Contestant, ContestantOptions } from '../contestants.ts'
import { startProcess } from '../measure/own-process.ts'

const ROOT = new URL('../../../', import.meta.url)
const EVENT_LOOP = fileURLToPath(new URL('../measure/event-loop-delay.ts', import.meta.url))

/** This server, with the arguments of `npm start`. */
export async function startSelfStreme(
  options: ContestantOptions,
): Promise<Contestant & { readonly url: string }> {
  await using starting = new AsyncDisposableStack()
  const folder = options.folder ?? starting.use(await temporaryFolder()).path
  const child = starting.use(
    startProcess(process.execPath, argumentsOf(options), {
      PORT: '0',
      HOST: '127.0.0.1',
      TORRENT_DOWNLOAD_PATH: folder,
      TORRENT_PORT: '0',
      TORRENT_DHT: 'false',
      // Trackers in a request may not lead to this machine; those in the settings may.
      TORRENT_TRACKERS: options.trackerUrl,
      ...options.settings,
    }),
  )
  const [url = ''] = /http:\S+/.exec(await child.nextLine(/listens on/)) ?? []
  // The engine starts beside the HTTP port; a server that has been running for a while has both.
  await sleep(options.settleMs ?? 1_000)
  const parts = starting.move()
  return {
    pids: [child.pid],
    url,
    folder,
    open: async ({ infoHash }) => `${url}/stream/proxy/${infoHash}`,
    async settled() {
      await child.nextLine(/Download complete/)
    },
    async eventLoopDelayMs() {
      process.kill(child.pid, 'SIGUSR2')
      return Number(/[\d.]+$/.exec(await child.nextLine(/^event loop delay/))?.[0])
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function argumentsOf({ watchEventLoop = false }: ContestantOptions): string[] {
  const options = manifest.scripts.start.split(' ').filter((word) => word.startsWith('--'))
  return [
    ...(watchEventLoop ? [`--import=${EVENT_LOOP}`] : []),
    ...options,
    fileURLToPath(new URL('src/main.ts', ROOT)),
  ]
}
