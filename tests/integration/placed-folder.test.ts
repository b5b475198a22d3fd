import { execFileSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { MAIN_FILE } from '../../src/domain/choice/file-choice.ts'
import { type CacheParts, type CachePartsOptions, openCacheParts } from '../support/cache-parts.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const HASH = 'abcdef0123456789abcdef0123456789abcdef01' as InfoHash
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'
const NO_PEERS = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }
const film = patternBytes(MIB + 4_321)
const longAgo = new Date('2024-05-06T07:08:09.500Z')

describe('a placed video is found for its torrent', () => {
  test.for([
    `${HASH}.mp4`,
    `Film [${HASH.toUpperCase()}].mkv`,
    `Film.${BASE32_OF_HASH}.mkv`,
    `Film-${BASE32_OF_HASH.toLowerCase()}-1080p.webm`,
    `films/${HASH}.mp4`,
    `films/of this year/best ones/${HASH} Film.avi`,
    `${HASH}/Film.mkv`,
    `Film [${HASH}]/Disc 1/part 1.m4v`,
    `${BASE32_OF_HASH}/Film.mov`,
  ])('when it is named %s', async (name) => {
    await using at = await open({ before: [name] })
    expect(await at.found()).toBe(name)
  })

  test.for([
    `.hidden/${HASH}.mp4`,
    `films/.trash/${HASH}.mp4`,
    `.new-${HASH}-1-abc/${HASH}.mp4`,
    `${HASH}/.self-streme/Film.mkv`,
    `films/ours/.self-streme/../${HASH}.mp4`,
    `${HASH}/Film.mkv.part`,
    `${HASH}/Film.txt`,
    `${HASH}/Film`,
    `${HASH.slice(0, 20)}/${HASH.slice(20)}.mkv`,
  ])('but not when it is named %s', async (name) => {
    await using at = await open()
    await mkdir(join(at.root, name.includes('ours') ? 'films/ours/.self-streme' : '.'), { recursive: true })
    await at.put(name)
    await using again = await openCacheParts(at.root)
    for (const parts of [at, again]) expect(await find(parts)).toBeUndefined()
    expect(again.placed.entries()).toEqual([])
  })

  test("by the file's name, else by size, when a folder has several videos", async () => {
    await using at = await open()
    await at.put(`${HASH}/Sample.mkv`, MIB)
    await at.put(`${HASH}/Film.mkv`, MIB + 2)
    await at.put(`films/Extras ${HASH}.mkv`, MIB + 1)
    await expect.poll(() => at.placed.entries().length).toBe(3)
    expect(await at.found()).toBe(`${HASH}/Film.mkv`)
    expect(await at.found('Sample.mkv')).toBe(`${HASH}/Sample.mkv`)
    expect(await at.found(`Extras ${HASH}.mkv`)).toBe(`films/Extras ${HASH}.mkv`)
  })

  test('for each info hash in its path', async () => {
    const other = '0'.repeat(40) as InfoHash
    await using at = await open({ before: [`${other}/${HASH}.mp4`] })
    expect(await at.found(undefined, HASH)).toBe(await at.found(undefined, other))
    expect(at.placed.entries()).toMatchObject([{ infoHashes: [other, HASH], verdict: 'unchecked', plays: 0 }])
  })

  test('through a link to it, but not through a link to its folder, which may be a cycle', async () => {
    await using elsewhere = await temporaryFolder()
    await using at = await open()
    await writeOld(join(elsewhere.path, `${HASH}.mp4`))
    await symlink(elsewhere.path, join(at.root, 'elsewhere'))
    await symlink(at.root, join(at.root, 'round'))
    await symlink(join(at.root, 'nothing'), join(at.root, `nothing ${HASH}.mp4`))
    await using again = await openCacheParts(at.root)
    for (const parts of [at, again]) expect(await find(parts)).toBeUndefined()
    await symlink(join(elsewhere.path, `${HASH}.mp4`), join(at.root, `${HASH}.mp4`))
    expect(await at.found()).toBe(`${HASH}.mp4`)
  })
})

describe('a change of placed videos is visible to the next request', () => {
  test('however soon that follows', async () => {
    await using app = await startTestApp(NO_PEERS)
    await using elsewhere = await temporaryFolder()
    for (let n = 0; n < 40; n++) {
      const hash = n.toString(16).padStart(40, '0')
      const ready = join(elsewhere.path, 'film.mp4')
      await writeOld(ready)
      const folder = n % 2 === 0 ? app.folder : join(app.folder, `folder ${n}`)
      await mkdir(folder, { recursive: true })
      await rename(ready, join(folder, `${hash}.mp4`))
      const { status } = await send(`${app.url}/stream/proxy/${hash}`, { method: 'HEAD' })
      expect(status, `film ${n}`).toBe(200)
    }
  })

  test('even in the same turn of the event loop', async () => {
    await using at = await open()
    for (let n = 0; n < 40; n++) {
      const hash = n.toString(16).padStart(40, '0') as InfoHash
      const path = join(at.root, `${hash}.mkv`)
      // The promise is settled by the disk, so that this runs in the middle of a turn.
      await stat(at.root)
      writeFileSync(path, film)
      utimesSync(path, longAgo, longAgo)
      expect(await at.found(undefined, hash), `film ${n}`).toBe(`${hash}.mkv`)
    }
  })

  test('when a folder is moved in with its content', async () => {
    await using elsewhere = await temporaryFolder()
    await using at = await open()
    await writeOld(join(elsewhere.path, 'Pack', 'Season 1', `${HASH}.mkv`))
    await rename(join(elsewhere.path, 'Pack'), join(at.root, 'Pack'))
    expect(await at.found()).toBe(`Pack/Season 1/${HASH}.mkv`)
    await at.put(`Pack/Season 1/larger ${HASH}.mkv`, MIB + 5_000)
    await expect.poll(() => at.found()).toBe(`Pack/Season 1/larger ${HASH}.mkv`)
  })

  test('when the video or its folder is renamed', async () => {
    await using at = await open({ before: ['films/Film.mkv'] })
    expect(await at.found()).toBeUndefined()
    await rename(join(at.root, 'films/Film.mkv'), join(at.root, `films/${HASH}.mkv`))
    expect(await at.found()).toBe(`films/${HASH}.mkv`)
    await rename(join(at.root, `films/${HASH}.mkv`), join(at.root, 'films/Film.mkv'))
    expect(await at.found()).toBeUndefined()
    await rename(join(at.root, 'films'), join(at.root, HASH))
    expect(await at.found()).toBe(`${HASH}/Film.mkv`)
    await rename(join(at.root, HASH), join(at.root, 'films'))
    expect(await at.found()).toBeUndefined()
    expect(at.placed.entries()).toEqual([])
  })

  test('when the video or its folder is removed, or both come back', async () => {
    await using at = await open({ before: [`a/${HASH}.mkv`, `b/c/${HASH}.mkv`] })
    await unlink(join(at.root, `a/${HASH}.mkv`))
    expect(await at.found()).toBe(`b/c/${HASH}.mkv`)
    await rm(join(at.root, 'b'), { recursive: true })
    expect(await at.found()).toBeUndefined()
    await expect.poll(() => at.placed.entries()).toEqual([])
    await at.put(`b/c/${HASH}.mkv`)
    expect(await at.found()).toBe(`b/c/${HASH}.mkv`)
  })

  test('when a folder becomes one of ours, or stops being one', async () => {
    await using at = await open({ before: [`films/${HASH}.mkv`] })
    await mkdir(join(at.root, 'films/.self-streme'))
    await expect.poll(() => at.found()).toBeUndefined()
    await rm(join(at.root, 'films/.self-streme'), { recursive: true })
    await at.placed.check(new AbortController().signal)
    expect(await at.found()).toBe(`films/${HASH}.mkv`)
  })

  test('when the video grows to the minimum size', async () => {
    await using at = await open()
    await at.put(`${HASH}.mkv`, MIB - 1)
    expect(await at.found()).toBeUndefined()
    expect(at.placed.entries()).toEqual([])
    await truncate(join(at.root, `${HASH}.mkv`), 2 * MIB)
    await utimes(join(at.root, `${HASH}.mkv`), longAgo, longAgo)
    expect(await at.found()).toBe(`${HASH}.mkv`)
    const sizes = () => at.placed.entries().map(({ size }) => size)
    await expect.poll(sizes).toEqual([2 * MIB])
  })

  test('after a while, when there are more folders than can be watched', async () => {
    await using at = await open()
    const names = Array.from({ length: 1_002 }, (_, n) => `folder ${n}`)
    for (const name of names) await mkdir(join(at.root, name))
    await expect.poll(() => at.logged).toContainEqual(expect.stringContaining('cannot be watched'))
    for (const name of names.slice(-2)) await at.put(`${name}/${HASH}.mkv`)
    await at.placed.check(new AbortController().signal)
    expect(
      at.placed
        .entries()
        .map(({ path }) => dirname(path))
        .sort(),
    ).toEqual(names.slice(-2).map((name) => join(at.root, name)))
    expect(at.logged.filter((line) => line.includes('cannot be watched'))).toHaveLength(1)
  })

  test('after a while, when there are no notifications, as on a network disk', async () => {
    await using at = await open({ before: [`gone/${HASH}.mkv`], isWatched: false })
    await rm(join(at.root, 'gone'), { recursive: true })
    expect(await at.found()).toBeUndefined()
    await at.put(`new/${HASH}.mkv`)
    expect(await at.found()).toBeUndefined()
    await at.placed.check(new AbortController().signal)
    expect(await at.found()).toBe(`new/${HASH}.mkv`)
    expect(at.placed.entries()).toHaveLength(1)
  })

  test('after the complete folder was away for a while', async () => {
    await using at = await open({ before: [`${HASH}.mkv`] })
    await rename(at.root, `${at.root}-away`)
    expect(await at.found()).toBeUndefined()
    await at.placed.check(new AbortController().signal)
    expect(at.placed.entries()).toEqual([])
    await rename(`${at.root}-away`, at.root)
    await at.placed.check(new AbortController().signal)
    expect(await at.found()).toBe(`${HASH}.mkv`)
    // It is watched again, too.
    await unlink(join(at.root, `${HASH}.mkv`))
    await expect.poll(() => at.placed.entries()).toEqual([])
  })
})

test('a folder that cannot be read does not hide the others', async () => {
  await using folder = await temporaryFolder()
  // Deeper than the system accepts in a path, more of them than are read at a time, and sorted before the others.
  const deep = Array.from({ length: 20 }, (_, n) => join(folder.path, `!deep ${n}`))
  const dig = `for (const path of process.argv.slice(1)) {
    fs.mkdirSync(path)
    process.chdir(path)
    for (let n = 0; n < 20; n++) { fs.mkdirSync('d'.repeat(250)); process.chdir('d'.repeat(250)) }
  }`
  execFileSync(process.execPath, ['-e', dig, ...deep])
  using _filled = { [Symbol.dispose]: () => void execFileSync('rm', ['-r', ...deep]) }
  for (let n = 0; n < 20; n++) await writeOld(join(folder.path, `${n} ${HASH}.mkv`))
  await using parts = await openCacheParts(folder.path)
  expect(parts.placed.entries()).toHaveLength(20)
  expect(parts.logged).toContain('debug: not scanned')
})

test('facts about a placed file survive the absence of its disk', async () => {
  await using folder = await temporaryFolder()
  await using elsewhere = await temporaryFolder()
  const films = join(folder.path, 'films')
  await writeOld(join(films, `${HASH}.mkv`))
  const plays = async () => {
    await using parts = await openCacheParts(folder.path)
    return parts.placed.entries().map((entry) => entry.plays)
  }
  {
    await using parts = await openCacheParts(folder.path)
    await using file = await parts.placed.find(
      { infoHash: HASH, choice: MAIN_FILE },
      new AbortController().signal,
    )
    file?.noteRead('somebody')
  }
  expect(await plays()).toEqual([1])
  await rename(films, join(elsewhere.path, 'films'))
  expect(await plays()).toEqual([])
  await rename(join(elsewhere.path, 'films'), films)
  expect(await plays()).toEqual([1])
})

test('a video in a folder that has become ours is not found, even before the change is reported', async () => {
  await using folder = await temporaryFolder()
  await writeOld(join(folder.path, HASH, 'Film.mkv'))
  await using parts = await openCacheParts(folder.path, { isWatched: false })
  const isFound = async () => {
    await using file = await parts.placed.find(
      { infoHash: HASH, choice: MAIN_FILE },
      new AbortController().signal,
    )
    return file !== undefined
  }
  expect(await isFound()).toBe(true)
  await mkdir(join(folder.path, HASH, '.self-streme'))
  expect(await isFound()).toBe(false)
})

test('of several placed files, one that is still being written is not waited for', async () => {
  await using at = await open({ before: [`a ${HASH}.mkv`] })
  await writeFile(join(at.root, `b ${HASH}.mkv`), patternBytes(2 * MIB))
  await expect.poll(() => at.placed.entries().length, { interval: 10 }).toBe(2)
  const askedAt = Date.now()
  expect(await at.found()).toBe(`a ${HASH}.mkv`)
  expect(Date.now() - askedAt).toBeLessThan(1_000)
  expect(await at.found(`b ${HASH}.mkv`)).toBe(`b ${HASH}.mkv`)
})

test('the plays and the last read of a placed file survive a restart', async () => {
  await using folder = await temporaryFolder()
  const left = await leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Other.mkv', bytes: film }] })
  await writeOld(join(folder.path, `${HASH}.mkv`))
  const settings = { ...NO_PEERS, TORRENT_DOWNLOAD_PATH: folder.path }
  const before = Date.now()
  {
    await using app = await startTestApp(settings)
    const url = `${app.url}/stream/proxy/${HASH}`
    await send(url, { method: 'HEAD' })
    expect(app.app.placed.entries()).toMatchObject([{ plays: 0 }])
    for (const Range of ['bytes=0-1', 'bytes=500-']) await send(url, { headers: { Range } })
    await send(`${app.url}/stream/proxy/${left.infoHash}`)
  }
  await using app = await startTestApp(settings)
  const [entry] = app.app.placed.entries()
  expect(entry).toMatchObject({ infoHashes: [HASH], name: `${HASH}.mkv`, size: film.length, plays: 1 })
  expect(entry?.lastReadAt).toBeGreaterThanOrEqual(before)
})

interface Opened extends CacheParts {
  readonly root: string
  /** Puts a video there, finished long ago. */
  put(name: string, length?: number): Promise<void>
  /** The file found for the torrent, relative to the download folder. */
  found(name?: string, infoHash?: InfoHash): Promise<string | undefined>
}

async function open(options: CachePartsOptions & { before?: readonly string[] } = {}): Promise<Opened> {
  await using opening = new AsyncDisposableStack()
  const { path } = opening.use(await temporaryFolder())
  const root = await mkdtemp(join(path, 'downloads-'))
  for (const name of options.before ?? []) await writeOld(join(root, name))
  const parts = opening.use(await openCacheParts(root, options))
  const resources = opening.move()
  return {
    ...parts,
    root,
    put: (name, length) => writeOld(join(root, name), length),
    async found(name, infoHash) {
      const file = await find(parts, name, infoHash)
      return file?.slice(root.length + 1)
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function find({ placed }: CacheParts, name?: string, infoHash = HASH): Promise<string | undefined> {
  await using file = await placed.find({ infoHash, choice: MAIN_FILE, name }, new AbortController().signal)
  return file?.path
}

async function writeOld(path: string, length = film.length): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, length <= film.length ? film.subarray(0, length) : Buffer.alloc(length, 1))
  await utimes(path, longAgo, longAgo)
}
