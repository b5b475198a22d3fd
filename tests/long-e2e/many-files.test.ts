import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forEachParallel } from '../../src/lib/for-each-parallel.ts'
import { childrenOf, openFilesOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FILES = 10_000
/** of a torrent, in one process */
const MOST_OPEN = 128

test.skipIf(!hasSeeder)(
  'a torrent of 10,000 files is fetched with few open files in main and engine',
  async () => {
    await using folder = await temporaryFolder()
    const films = join(folder.path, 'Films')
    const watched = join(folder.path, 'watched')
    const downloads = join(folder.path, 'downloads')
    for (const path of [films, watched]) await mkdir(path)
    const names = Array.from({ length: FILES }, (_, n) => `Show S01E${n}.mkv`)
    await forEachParallel(names, (name) => writeFile(join(films, name), name.padEnd(2_000, name)))
    await using swarm = await startSwarm({ path: films, pieceLength: 64 * 1024 })
    await using server = startServerProcess({
      ...swarm.settings,
      TORRENT_DOWNLOAD_PATH: downloads,
      WATCH_PATH: watched,
    })
    await server.url()
    const main = server.child.pid as number
    const [engine] = childrenOf(main, 'engine/child/main.ts') as [number]
    const most = { main: 0, engine: 0 }
    const isOpen = (path: string) => path.startsWith(downloads) && path.endsWith('.mkv')
    const openIn = (pid: number) => openFilesOf(pid).filter(isOpen).length

    await writeFile(join(watched, 'films.torrent'), swarm.metainfo)
    await expect
      .poll(
        () => {
          most.main = Math.max(most.main, openIn(main))
          most.engine = Math.max(most.engine, openIn(engine))
          return server.output()
        },
        { timeout: 100_000, interval: 5 },
      )
      .toMatch(/download complete/)
    console.info(`open at most: ${most.main} in main, ${most.engine} in the engine`)
    expect(most.engine).toBeGreaterThan(MOST_OPEN / 2)
    expect(most.engine).toBeLessThanOrEqual(MOST_OPEN)
    expect(most.main).toBeLessThanOrEqual(MOST_OPEN)
  },
)
