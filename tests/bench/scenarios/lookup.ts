import { createHash } from 'node:crypto'
import { mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { leaveCompleteTorrent } from '../../support/earlier-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Case, Figures, Scenario } from '../scenario.ts'

const MIB = 1024 * 1024
const PROCESS = new URL('../measure/lookup-process.ts', import.meta.url)
const DATABASE = ['self-streme.db', 'self-streme.db-wal', 'self-streme.db-shm']

export const lookup: Scenario = {
  about:
    'a download folder with many films: what the index takes at the start, and what it takes to find and open one',
  async prepare() {
    const resources = new AsyncDisposableStack()
    const some = await fill(resources.use(await temporaryFolder()).path, 1_000, 0)
    const many = await fill(resources.use(await temporaryFolder()).path, 5_000, 5_000)
    return {
      cases: [...casesOf(some, '1 000 torrents'), ...casesOf(many, '5 000 torrents, 5 000 placed files')],
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    }
  },
}

interface Folder {
  readonly root: string
  /** file with the info hashes, by kind */
  readonly list: string
}

function casesOf({ root, list }: Folder, what: string): Case[] {
  const measure = async (): Promise<Figures> => {
    await using measured = startProcess(process.execPath, [PROCESS, root, list])
    return JSON.parse(await measured.nextLine(/^\{/)) as Figures
  }
  return [
    {
      name: `${what}, no database`,
      contestants: ['self-streme'],
      async measure() {
        for (const name of DATABASE) await rm(join(root, name), { force: true })
        const { 'start, ms': startMs = Number.NaN } = await measure()
        return { 'start, ms': startMs }
      },
    },
    { name: what, contestants: ['self-streme'], measure },
  ]
}

/** Makes a download folder; half of the placed files are in subfolders, a hundred in each. */
async function fill(folder: string, torrents: number, placed: number): Promise<Folder> {
  const root = join(folder, 'downloads')
  const hashes = { torrent: [] as string[], 'placed file': [] as string[] }
  for (let n = 0; n < torrents; n++) {
    const files = [{ name: `Film ${n}.mkv`, bytes: Buffer.alloc(1_000, String(n)) }]
    hashes.torrent.push((await leaveCompleteTorrent({ root, files })).infoHash)
  }
  for (let n = 0; n < placed; n++) {
    const hash = createHash('sha1').update(String(n)).digest('hex')
    const path = join(root, n % 2 === 0 ? '' : `films ${Math.floor(n / 200)}`, `Film ${n} [${hash}].mkv`)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, '')
    await truncate(path, MIB)
    await utimes(path, 1_000, 1_000)
    hashes['placed file'].push(hash)
  }
  const list = join(folder, 'hashes.json')
  const known = Object.entries(hashes).filter(([, each]) => each.length > 0)
  await writeFile(list, JSON.stringify(Object.fromEntries(known)))
  return { root, list }
}
