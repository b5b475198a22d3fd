import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { Contestant, ContestantOptions } from '../contestants.ts'
import { startProcess } from '../measure/own-process.ts'

const SERVER = new URL('peerflix-server.ts', import.meta.url)

/** One process for each torrent, as peerflix is used; they have been running for a while when they get it. */
export async function startPeerflix(options: ContestantOptions): Promise<Contestant> {
  await using starting = new AsyncDisposableStack()
  const { torrents = 1 } = options
  const folder = options.folder ?? starting.use(await temporaryFolder()).path
  const children = await Promise.all(
    Array.from({ length: torrents }, async () =>
      starting.use(startProcess(process.execPath, [SERVER, folder, await freePort()])),
    ),
  )
  await Promise.all(children.map((child) => child.nextLine(/^ready/)))
  await sleep(1_000)
  const free = [...children]
  const parts = starting.move()
  return {
    pids: children.map((child) => child.pid),
    folder,
    async open({ magnet }) {
      const child = free.shift()
      if (!child) throw new Error(`peerflix was started for ${torrents} torrents`)
      child.write(magnet)
      return child.nextLine(/^http:/)
    },
    settled: async () => undefined,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
