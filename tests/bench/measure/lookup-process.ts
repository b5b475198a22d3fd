/**
 * `node lookup-process.ts folder infoHashes.json`: opens the index of a download folder, and then opens each of the
 * films there many times in random order, with the functions that a request uses. Prints the figures as a line of JSON.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../../src/config/config.ts'
import { DiskRoom } from '../../../src/disk/disk-room.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { startEngineProcess } from '../../../src/engine/engine-process.ts'
import { createLog } from '../../../src/observe/log.ts'
import { ListedFiles } from '../../../src/streaming/listed-files.ts'
import { ListedTrackers } from '../../../src/streaming/listed-trackers.ts'
import { mediaOpener } from '../../../src/streaming/open-media.ts'
import { ReadNotes } from '../../../src/streaming/reads.ts'
import { openTorrentService } from '../../../src/torrents/torrent-service.ts'
import { openCacheParts } from '../../support/cache-parts.ts'
import { percentile } from './statistics.ts'

const LOOKUPS = 20_000

const [root = '', list = ''] = process.argv.slice(2)
const hashes = JSON.parse(readFileSync(list, 'utf8')) as Record<string, InfoHash[]>
const config = readConfig({ TORRENT_DOWNLOAD_PATH: root, TORRENT_PORT: '0', TORRENT_DHT: 'false' })
const log = createLog({ level: 'error', format: 'text' })

process.stdout.write(`${JSON.stringify(await measure())}\n`)
// Once everything that must be written is written.
process.exit()

async function measure(): Promise<Record<string, number>> {
  const startedAt = performance.now()
  await using parts = await openCacheParts(root)
  const figures: Record<string, number> = { 'start, ms': performance.now() - startedAt }
  if (parts.index.entries().length + parts.placed.entries().length !== Object.values(hashes).flat().length)
    throw new Error('not everything was found')

  await using engine = startEngineProcess(config.engine, log)
  await using torrents = openTorrentService(
    config.torrents,
    { engine, index: parts.index, room: new DiskRoom() },
    log,
  )
  const openMedia = mediaOpener(
    config.streaming,
    { torrents, placed: parts.placed, local: { open: async () => undefined } },
    new ReadNotes(parts.index, undefined, log),
    { trackers: new ListedTrackers(), files: new ListedFiles() },
  )
  const { signal } = new AbortController()
  // By then the engine is running, not just starting.
  await sleep(2_000)
  for (const [kind, known] of Object.entries(hashes)) {
    const took: number[] = []
    for (let n = 0; n < LOOKUPS; n++) {
      const infoHash = known[Math.floor(Math.random() * known.length)] as InfoHash
      const askedAt = performance.now()
      const media = await openMedia(
        { infoHash, choice: { kind: 'file', fileIdx: 0 }, trackers: [], client: 'bench' },
        signal,
      )
      took.push(performance.now() - askedAt)
      await media[Symbol.asyncDispose]()
    }
    for (const percent of [50, 99]) figures[`${kind} p${percent}, ms`] = percentile(took, percent)
  }
  return figures
}
