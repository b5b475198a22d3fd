import { mkdir, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { MAIN_FILE } from '../../src/domain/choice/file-choice.ts'
import { type CacheParts, openCacheParts } from '../support/cache-parts.ts'
import { type LeftFolder, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const NO_PEERS = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }
const film = patternBytes(3 * MIB + 123)
const other = patternBytes(film.length, 'other')
const longAgo = new Date('2024-05-06T07:08:09.500Z')

describe('a placed file whose torrent is known', () => {
  test('is verified when its pieces are right, and served all the time', async () => {
    await using known = await knowTorrent()
    await place(known, film)
    await using app = await known.start()
    await expect.poll(() => verdicts(app.app)).toEqual(['verified'])
    expectSameBytes((await send(known.urlOn(app))).body, film)
  })

  test.for([
    ['has another length', film.subarray(0, 2 * MIB)],
    ['has other bytes from the beginning', other],
    ['has one other byte in its last piece', withOtherByte(film, film.length - 1)],
  ] as const)('is no longer served when it %s', async ([, bytes]) => {
    await using known = await knowTorrent()
    const path = await place(known, bytes)
    const before = await stat(path)
    await using app = await known.start()
    await expect.poll(() => verdicts(app.app)).toEqual(['mismatched'])
    expect((await send(known.urlOn(app))).status).toBe(404)
    expect(await stat(path)).toMatchObject({ mtimeMs: before.mtimeMs, ctimeMs: before.ctimeMs })
  })

  test('is found before it was compared only by callers that accept unverified files', async () => {
    await using known = await knowTorrent()
    await place(known, film)
    await using parts = await openCacheParts(known.root)
    const { signal } = new AbortController()
    const find = async (mustBeVerified?: () => boolean) => {
      await using file = await parts.placed.find(
        { infoHash: known.infoHash, choice: MAIN_FILE },
        signal,
        mustBeVerified,
      )
      return file !== undefined
    }
    await expect.poll(() => verdicts(parts)).toEqual(['verified'])
    expect([await find(() => true), await find()]).toEqual([true, true])
    // The torrent of this file is unknown, so it stays unchecked.
    const other = 'ef'.repeat(20) as InfoHash
    await place({ ...known, infoHash: other }, film)
    await parts.placed.check(signal)
    const findOther = async (mustBeVerified?: () => boolean) => {
      await using file = await parts.placed.find(
        { infoHash: other, choice: MAIN_FILE },
        signal,
        mustBeVerified,
      )
      return file !== undefined
    }
    expect([await findOther(() => true), await findOther()]).toEqual([false, true])
  })

  test('is reported as wrong once, and a right one is served instead', async () => {
    await using known = await knowTorrent()
    await place(known, patternBytes(5 * MIB, 'larger'))
    await place(known, film, `right/Film ${known.infoHash}.mkv`)
    await using parts = await openCacheParts(known.root)
    await expect.poll(() => verdicts(parts)).toEqual(expect.arrayContaining(['verified', 'mismatched']))
    await using file = await parts.placed.find(
      { infoHash: known.infoHash, choice: MAIN_FILE },
      new AbortController().signal,
    )
    expect(file?.size).toBe(film.length)
    for (let n = 0; n < 2; n++) await parts.placed.check(new AbortController().signal)
    expect(parts.logged.filter((line) => line.includes('does not match its torrent'))).toHaveLength(1)
  })

  test('keeps its mark across restarts, also when the torrent is no longer known', async () => {
    await using known = await knowTorrent()
    await place(known, other)
    {
      await using parts = await openCacheParts(known.root)
      await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
    }
    await rm(known.directory, { recursive: true })
    await using parts = await openCacheParts(known.root)
    expect(verdicts(parts)).toEqual(['mismatched'])
    expect(
      await parts.placed.find({ infoHash: known.infoHash, choice: MAIN_FILE }, new AbortController().signal),
    ).toBeUndefined()
  })

  test('keeps its mark when the download folder is moved', async () => {
    await using known = await knowTorrent()
    await place(known, other)
    {
      await using parts = await openCacheParts(known.root)
      await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
    }
    await rm(known.directory, { recursive: true })
    await using elsewhere = await temporaryFolder()
    await rename(known.root, join(elsewhere.path, 'moved'))
    await using parts = await openCacheParts(join(elsewhere.path, 'moved'))
    expect(verdicts(parts)).toEqual(['mismatched'])
    await mkdir(known.root)
  })

  test.for(['while the server runs', 'while it is stopped'])(
    'is checked again when it was changed %s',
    async (when) => {
      await using known = await knowTorrent()
      const path = await place(known, other)
      {
        await using parts = await openCacheParts(known.root)
        await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
        if (when === 'while the server runs') {
          await writeOver(path, film)
          await expect.poll(() => verdicts(parts)).toEqual(['verified'])
        }
      }
      if (when !== 'while the server runs') await writeOver(path, film)
      await using parts = await openCacheParts(known.root)
      await expect.poll(() => verdicts(parts)).toEqual(['verified'])
    },
  )

  test('is checked again when another file gets its name, size and date', async () => {
    await using known = await knowTorrent()
    const path = await place(known, film)
    await using parts = await openCacheParts(known.root)
    await expect.poll(() => verdicts(parts)).toEqual(['verified'])
    await writeOver(join(known.root, 'aside'), other)
    await rename(join(known.root, 'aside'), path)
    await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
  })

  test('is compared with every file of the torrent that has its length', async () => {
    const third = patternBytes(film.length, 'third')
    const files = [film, other, third].map((bytes, n) => ({ name: `${n}.mkv`, bytes }))
    await using known = await knowTorrent(files)
    await place(known, third, `b ${known.infoHash}.mkv`)
    await place(known, patternBytes(film.length, 'fourth'), `a ${known.infoHash}.mkv`)
    await using parts = await openCacheParts(known.root)
    await expect
      .poll(() =>
        parts.placed
          .entries()
          .map(({ name, verdict }) => `${name[0]} ${verdict}`)
          .sort(),
      )
      .toEqual(['a mismatched', 'b verified'])
  })

  test('is compared by the pieces that it shares with no other file', async () => {
    // It begins and ends in the middle of pieces, whose hashes say nothing about it alone.
    const files = [
      { name: 'Before.txt', bytes: patternBytes(1_000) },
      { name: 'Film.mkv', bytes: film },
      { name: 'After.txt', bytes: patternBytes(300_000) },
    ]
    await using known = await knowTorrent(files)
    await place(known, withOtherByte(withOtherByte(film, 0), film.length - 1))
    await using parts = await openCacheParts(known.root)
    await expect.poll(() => verdicts(parts)).toEqual(['verified'])
  })

  test('stays unchecked, and is served, when it shares all of its pieces', async () => {
    const small = patternBytes(MIB + 1, 'small')
    const files = [
      { name: 'Before.mkv', bytes: patternBytes(4 * MIB - 10) },
      { name: 'Small.mkv', bytes: small },
      { name: 'After.mkv', bytes: patternBytes(4 * MIB) },
    ]
    await using known = await knowTorrent(files, 4 * MIB)
    await place(known, withOtherByte(small, 5))
    // A file checked after it shows when this one was looked at.
    await place(known, patternBytes(2 * MIB), `wrong ${known.infoHash}.mkv`)
    await using parts = await openCacheParts(known.root)
    await expect.poll(() => verdicts(parts).toSorted()).toEqual(['mismatched', 'unchecked'])
    await using file = await parts.placed.find(
      { infoHash: known.infoHash, choice: MAIN_FILE },
      new AbortController().signal,
    )
    expect(file?.size).toBe(small.length)
  })

  test('is compared when it is added after the torrent', async () => {
    await using known = await knowTorrent()
    await using parts = await openCacheParts(known.root)
    await place(known, other)
    await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
  })

  test('is compared when the folder of its torrent is added later', async () => {
    await using known = await knowTorrent()
    await place(known, other)
    await rename(known.directory, join(known.root, '.aside'))
    await using parts = await openCacheParts(known.root)
    expect(verdicts(parts)).toEqual(['unchecked'])
    await rename(join(known.root, '.aside'), known.directory)
    await expect.poll(() => verdicts(parts)).toEqual(['mismatched'])
  })

  test('is not compared before it is finished', async () => {
    await using known = await knowTorrent()
    await using parts = await openCacheParts(known.root)
    const path = join(known.root, `${known.infoHash}.mkv`)
    await writeFile(path, film.subarray(0, 2 * MIB))
    await expect.poll(() => verdicts(parts)).toEqual(['unchecked'])
    await writeFile(path, film)
    await expect.poll(() => verdicts(parts)).toEqual(['verified'])
    expect(parts.logged.filter((line) => line.includes('does not match its torrent'))).toEqual([])
  })

  test('is compared slowly while a viewer watches', async () => {
    await using known = await knowTorrent()
    await place(known, film)
    const rests = 3
    let asked = 0
    const viewers = {
      get areThere() {
        return ++asked <= rests
      },
    }
    const startedAt = Date.now()
    await using parts = await openCacheParts(known.root, { viewers })
    await expect.poll(() => verdicts(parts)).toEqual(['verified'])
    expect(Date.now() - startedAt).toBeGreaterThan(rests * 400)
  })
})

test.skipIf(!hasSeeder)(
  'a placed file is compared when its torrent becomes known, and what comes from the swarm is right',
  async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'Film.mkv'), film)
    await using swarm = await startSwarm({ path: join(folder.path, 'Film.mkv') })
    await using app = await startTestApp(swarm.settings)
    const url = `${app.url}/stream/proxy/${swarm.infoHash}`
    await writeOver(join(app.folder, `${swarm.infoHash}.mkv`), other)
    expectSameBytes((await send(url)).body, other)
    await expect.poll(() => verdicts(app.app)).toEqual(['unchecked'])

    await using _stream = await app.app.torrents.getStream(swarm.infoHash)
    await expect.poll(() => verdicts(app.app)).toEqual(['mismatched'])
    expectSameBytes((await send(url)).body, film)
  },
)

interface Known extends Omit<LeftFolder, 'infoHash'>, AsyncDisposable {
  readonly infoHash: InfoHash
  /** download folder */
  readonly root: string
  start(): Promise<TestApp>
  urlOn(app: TestApp): string
}

/** A download folder with a torrent of which only the metadata is left. */
async function knowTorrent(
  files = [{ name: 'Film.mkv', bytes: film }],
  pieceLength?: number,
): Promise<Known> {
  const folder = await temporaryFolder()
  const root = join(folder.path, 'downloads')
  const left = await leaveCompleteTorrent({ root, files, pieceLength })
  for (const path of left.paths) await unlink(path)
  return {
    ...left,
    infoHash: left.infoHash as InfoHash,
    root,
    start: () => startTestApp({ ...NO_PEERS, TORRENT_DOWNLOAD_PATH: root }),
    urlOn: (app) => `${app.url}/stream/proxy/${left.infoHash}`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

async function place(known: Known, bytes: Buffer, name = `${known.infoHash}.mkv`): Promise<string> {
  const path = join(known.root, name)
  await writeOver(path, bytes)
  return path
}

/** Makes a file look finished long ago. */
async function writeOver(path: string, bytes: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  await utimes(path, longAgo, longAgo)
}

function verdicts({ placed }: Pick<CacheParts, 'placed'>): string[] {
  return placed.entries().map(({ verdict }) => verdict)
}

function withOtherByte(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}
