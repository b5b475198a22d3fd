import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PYTHON } from '../../support/swarm.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { startProcess } from '../measure/own-process.ts'
import { watchUsage } from '../measure/usage.ts'
import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import type { Torrent } from '../swarm/seeders.ts'

const DOWNLOAD = new URL('libtorrent-download.py', import.meta.url)

/** libtorrent does not stream: it is measured from the magnet link to the last piece. */
export async function downloadWithLibtorrent(film: Film, torrent: Torrent): Promise<Figures> {
  await using folder = await temporaryFolder()
  await using child = startProcess(PYTHON, [DOWNLOAD, folder.path])
  await child.nextLine(/^ready/)
  using usage = watchUsage([child.pid])
  const startedAt = performance.now()
  child.write(torrent.magnet)
  await child.nextLine(/^finished/)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = usage.cpuSeconds()
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(folder.path, film.name)), hash)
  if (hash.digest('hex') !== film.sha256) throw new Error('libtorrent wrote wrong bytes')
  return {
    'whole film, MB/s': film.bytes.length / 1e6 / seconds,
    'CPU s per GiB': cpuSeconds / (film.bytes.length / 2 ** 30),
    'anonymous memory, MiB': usage.peakAnonymousMib(),
  }
}
