import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { Contestant, ContestantOptions } from '../contestants.ts'
import { startProcess } from '../measure/own-process.ts'

const SERVER = new URL('webtorrent-server.ts', import.meta.url)

export async function startWebtorrent(options: ContestantOptions): Promise<Contestant> {
  await using starting = new AsyncDisposableStack()
  const folder = options.folder ?? starting.use(await temporaryFolder()).path
  const child = starting.use(startProcess(process.execPath, [SERVER, folder]))
  await child.nextLine(/^ready/)
  await sleep(1_000)
  const parts = starting.move()
  return {
    pids: [child.pid],
    folder,
    async open({ infoHash, magnet }) {
      child.write(magnet)
      const line = await child.nextLine(new RegExp(`^${infoHash} `))
      return line.replace(/^\S+ /, '')
    },
    settled: async () => undefined,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
