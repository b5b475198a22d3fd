import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  cp,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'
import { expect } from 'vitest'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { makeTorrentFolder } from '../../src/storage/torrent-folder.ts'
import { openTorrentService, type TorrentService } from '../../src/torrents/torrent-service.ts'
import { type CacheParts, openCacheParts } from './cache-parts.ts'
import { doImport } from './import.ts'
import { type LocalEngine, localEngine } from './local-engine.ts'
import { patternBytes } from './pattern-bytes.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PIECE = 16 * 1024
const MARK = '.self-streme'
/** The second piece belongs to both files. */
const FILES = { 'Film.mkv': patternBytes(1.5 * PIECE + 7), 'Extra.mkv': patternBytes(PIECE, 'extra') }
const bytes = Buffer.concat(Object.values(FILES))
const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE) }, (_, piece) =>
  bytes.subarray(piece * PIECE, (piece + 1) * PIECE),
)
const info = {
  name: 'Films',
  files: Object.entries(FILES).map(([name, { length }]) => ({ path: [name], length })),
  'piece length': PIECE,
  pieces: Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest())),
}
const metainfo = bencode.encode({ info })
const infoHash = createHash('sha1').update(bencode.encode(info)).digest('hex') as InfoHash

/** What happened in all runs together, to be sure that something did. */
export const done = { streamed: 0, freed: 0, imported: 0, checked: 0 }

export type Situation = keyof typeof SITUATIONS
export type Event = keyof typeof EVENTS

/**
 * Starts a server in a download folder in some situations, and makes events happen in order.
 *
 * @throws Error as soon as a file that the user put there is missing or changed
 */
export async function runScenario(situations: readonly Situation[], events: readonly Event[]): Promise<void> {
  const story = `${situations.join(' + ')}: ${events.join(', ')}`
  await using world = await openWorld()
  for (const name of situations) await attempt(() => SITUATIONS[name]?.(world))
  // Files made at the same time are told apart by their names.
  await sleep(5)
  await world.start()
  await world.check(`${story}; at the start`)
  for (const name of events) {
    await attempt(() => EVENTS[name]?.(world))
    await world.check(`${story}; at ${name}`)
  }
  await world.stop()
  await world.check(`${story}; at the end`)
}

/** The state of the disk when the server starts; several can be combined. */
const SITUATIONS = {
  nothing: async () => undefined,
  'a folder of the user’s with the film': ({ folder, put }) => put(folder, 'Film.mkv'),
  'a folder of the user’s with another film': ({ folder, put }) => put(folder, 'My film.mkv'),
  'a folder of the user’s with nothing in it': ({ folder }) => mkdir(folder),
  'a folder of ours': ({ folder }) => makeTorrentFolder(folder),
  'a complete torrent of an earlier version': ({ folder }) => leave(folder, ['Film.mkv', 'Extra.mkv']),
  'a part of a torrent of an earlier version': ({ folder }) => leave(folder, ['Film.mkv']),
  'a note of the user’s in the folder': ({ folder, put }) => put(folder, 'notes.txt'),
  'a film of the user’s where nothing was fetched yet': async ({ folder, put }) => {
    await leave(folder, [])
    await put(folder, 'Film.mkv')
    await put(folder, 'Extra.mkv')
  },
  'the right film of the user’s where nothing was fetched yet': async ({ folder, putRight }) => {
    await makeTorrentFolder(folder)
    await putRight(folder)
  },
  'a film of the user’s in place of a complete one': async ({ folder, put }) => {
    await leave(folder, ['Film.mkv', 'Extra.mkv'])
    await put(folder, 'Film.mkv')
  },
  'a link to a folder of the user’s': async ({ folder, elsewhere, put }) => {
    await put(elsewhere, 'Film.mkv')
    await symlink(elsewhere, folder)
  },
  'a link to a folder with our mark': async ({ folder, elsewhere, put }) => {
    await put(elsewhere, 'Film.mkv')
    await claim(elsewhere)
    await symlink(elsewhere, folder)
  },
  'a mark that is a link': async ({ folder, elsewhere, put }) => {
    await put(folder, 'Film.mkv')
    await claim(folder)
    await mkdir(elsewhere, { recursive: true })
    await rename(join(folder, MARK), join(elsewhere, MARK))
    await symlink(join(elsewhere, MARK), join(folder, MARK))
  },
  'a place outside, with our mark': async ({ folder, elsewhere, put }) => {
    const place = join(elsewhere, infoHash)
    await put(place, 'Film.mkv')
    await claim(place)
    await locate(folder, place)
  },
  'a place under an extra path that is a link to the outside': async ({ folder, elsewhere, extra, put }) => {
    const place = join(elsewhere, infoHash)
    await put(place, 'Film.mkv')
    await claim(place)
    await symlink(elsewhere, join(extra, 'within'))
    await locate(folder, join(extra, 'within', infoHash))
  },
  'a place under an extra path that is the user’s': async ({ folder, extra, put }) => {
    await put(join(extra, infoHash), 'Film.mkv')
    await locate(folder, join(extra, infoHash))
  },
  'a place under an extra path that is ours': async ({ folder, extra, put }) => {
    await leave(join(extra, infoHash), ['Film.mkv', 'Extra.mkv'])
    await put(join(extra, infoHash), 'notes.txt')
    await locate(folder, join(extra, infoHash))
  },
  'a place that is garbage': async ({ folder, elsewhere, put }) => {
    await put(elsewhere, 'Film.mkv')
    await locate(folder, `../elsewhere\0${'x'.repeat(5_000)}`)
  },
  'a film that is a link': async ({ folder, elsewhere, put }) => {
    await leave(folder, ['Extra.mkv'])
    await put(elsewhere, 'Film.mkv')
    await symlink(join(elsewhere, 'Film.mkv'), join(folder, 'Film.mkv'))
  },
  'notes that are links': async ({ folder, elsewhere, put }) => {
    await makeTorrentFolder(folder)
    const names = ['usage.json', 'state.json', 'metainfo.torrent', 'verified.bits', 'made', 'peers.json']
    for (const name of names) {
      await put(elsewhere, `${name}.new`)
      await symlink(join(elsewhere, `${name}.new`), join(folder, MARK, `${name}.new`))
    }
    await put(elsewhere, 'copy')
    await symlink(join(elsewhere, 'copy'), join(folder, MARK, 'new Film.mkv'))
  },
  'an index that is a link': async ({ root, elsewhere, put }) => {
    for (const name of ['self-streme.db', 'self-streme.db-wal']) {
      await put(elsewhere, name)
      await symlink(join(elsewhere, name), join(root, name))
    }
  },
  'what looks like a folder that was not finished': ({ root, put }) =>
    put(join(root, `.new-import-${randomUUID()}`), 'Film.mkv'),
} satisfies Readonly<Record<string, (world: World) => Promise<unknown>>>

export const SITUATION_NAMES = Object.keys(SITUATIONS) as Situation[]

/** What can happen then. */
const EVENTS = {
  'a viewer watches': ({ watch }) => watch(),
  'a viewer watches from an extra path': ({ watch, extra }) => watch(extra),
  'a viewer looks for it in vain': async ({ engine, torrents }) => {
    engine.arePeersThere = false
    await using _stream = await torrents.getStream(infoHash)
  },
  'the user makes a folder while it is looked for': async (world) => {
    const watching = world.watch(undefined, false).catch(() => undefined)
    await lookedFor(world)
    if (!(await isThere(world.folder))) await world.put(world.folder, 'Film.mkv')
    world.engine.arePeersThere = true
    await watching
  },
  'its metadata cannot be written': async (world) => {
    const watching = world.watch(undefined, false).catch(() => undefined)
    await lookedFor(world)
    world.engine.arePeersThere = true
    for (let n = 0; n < 50; n++) {
      const isBlocked = await mkdir(join(world.folder, MARK, 'metainfo.torrent')).then(
        () => true,
        () => false,
      )
      if (isBlocked) break
    }
    await watching
  },
  'the user puts the film there': ({ folder, put }) => put(folder, 'Film.mkv'),
  'the user puts the other file there': ({ folder, put }) => put(folder, 'Extra.mkv'),
  'the user writes into the film': async ({ folder, changeWhole }) => changeWhole(join(folder, 'Film.mkv')),
  'the user takes the film away': ({ folder, take }) => take(join(folder, 'Film.mkv')),
  'the user puts a link in place of the folder': async ({ folder, elsewhere, put, moveAside }) => {
    await moveAside(folder)
    await put(elsewhere, 'Film.mkv')
    await symlink(elsewhere, folder)
  },
  'the user puts a link in place of the mark': async ({ folder, elsewhere }) => {
    await mkdir(elsewhere, { recursive: true })
    await rename(join(folder, MARK), join(elsewhere, MARK))
    await symlink(join(elsewhere, MARK), join(folder, MARK))
  },
  'it is removed': async ({ torrents }) => {
    const { freedBytes } = await torrents.remove([infoHash])
    if (freedBytes > 0) done.freed++
  },
  'it is given back': ({ torrents }) => torrents.release(infoHash),
  'the folder is looked at': async ({ parts }) => {
    await parts.index.check()
    await parts.index.flush()
  },
  'the server is started again': async ({ stop, start }) => {
    await stop()
    await start()
  },
  'the folder is moved to another disk': async ({ folder, root, stop, start }) => {
    await stop()
    const copy = join(root, '.copy')
    await cp(folder, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
      .then(async () => {
        await rm(folder, { recursive: true })
        await rename(copy, folder)
      })
      .finally(start)
  },
  'the film is imported': async ({ stop, start, root, extra, home }) => {
    await stop()
    const request = { kind: 'torrent', paths: [home], metainfo } as const
    await doImport(root, request, { extraPaths: [extra] })
      .then(({ imported }) => {
        if (imported.length > 0) done.imported++
      })
      .finally(start)
  },
} satisfies Readonly<Record<string, (world: World) => Promise<unknown>>>

export const EVENT_NAMES = Object.keys(EVENTS) as Event[]

type World = Awaited<ReturnType<typeof openWorld>>

async function openWorld() {
  await using opening = new AsyncDisposableStack()
  const base = await realpath(opening.use(await temporaryFolder()).path)
  const [home, root, extra, elsewhere] = ['home', 'downloads', 'extra', 'elsewhere'].map((name) =>
    join(base, name),
  ) as [string, string, string, string]
  for (const path of [home, root, extra, join(base, 'own')]) await mkdir(path)
  const folder = join(root, infoHash)
  /** hashes of files by their real paths */
  const kept = new Map<string, string>()
  /** files that we made and the user wrote to, until the server finds that they match the torrent */
  const touched = new Set<string>()
  const own: string[] = []
  let moved = 0
  let running:
    | (AsyncDisposable & { parts: CacheParts; engine: LocalEngine; torrents: TorrentService })
    | undefined

  // Made before the server makes any, with the lengths of the torrent's files.
  for (let n = 0; n < 20; n++) {
    const path = join(base, 'own', String(n))
    await writeFile(path, randomBytes(FILES['Film.mkv'].length))
    own.push(path)
  }
  // Files made at the same time are told apart by their names.
  await sleep(5)
  for (const [name, content] of Object.entries(FILES)) {
    await writeFile(join(home, name), content)
    kept.set(join(home, name), sha1(content))
  }
  await sleep(5)

  /** As `mv` does. */
  async function put(directory: string, name: string): Promise<void> {
    const from = own.pop()
    if (from === undefined) return
    await mkdir(directory, { recursive: true })
    const path = join(await realpath(directory), name)
    const content = await readFile(from)
    await rename(from, path)
    kept.set(path, sha1(content))
    touched.delete(path)
  }

  /** The torrent's content in a file of the user's. */
  async function putRight(directory: string): Promise<void> {
    const path = join(await realpath(directory), 'Film.mkv')
    await writeFile(path, FILES['Film.mkv'], { flag: 'wx' })
    kept.set(path, sha1(FILES['Film.mkv']))
  }

  async function take(path: string): Promise<void> {
    const real = join(await realpath(dirname(path)), 'Film.mkv')
    await rm(path)
    kept.delete(real)
  }

  async function changeWhole(path: string): Promise<void> {
    const whole = running?.parts.index.find(infoHash)?.files[0]
    if (whole?.wholeMtimeMs === undefined || whole.path !== path || (await realpath(path)) !== path) return
    await utimes(path, 1, 1)
    kept.set(path, sha1(await readFile(path)))
    touched.add(path)
  }

  async function moveAside(directory: string): Promise<void> {
    const to = join(base, `aside-${moved++}`)
    if (!(await isThere(directory))) return
    await rename(directory, to)
    for (const [path, hash] of [...kept])
      if (path.startsWith(`${directory}/`)) {
        kept.delete(path)
        kept.set(to + path.slice(directory.length), hash)
      }
  }

  async function check(when: string): Promise<void> {
    for (const [path, hash] of kept) {
      const content = await readFile(path).catch(() => undefined)
      if (!content) throw new Error(`${path} is gone (${when})`)
      if (sha1(content) !== hash) throw new Error(`${path} was changed (${when})`)
      done.checked++
    }
  }

  async function start(): Promise<void> {
    await using starting = new AsyncDisposableStack()
    const parts = starting.use(await openCacheParts(root, { isWatched: false, extraPaths: [extra] }))
    const engine = starting.use(localEngine({ metainfo, pieces }))
    const torrents = starting.use(
      openTorrentService(
        {
          root,
          extraPaths: [extra],
          trackers: [],
          maxTorrents: 5,
          peerSearchMs: 60,
          firstPieceMs: 60,
          maxRetries: 0,
          stallTimeoutMs: 200,
          seed: false,
        },
        { engine, index: parts.index, room: new DiskRoom() },
        SILENT,
      ),
    )
    const all = starting.move()
    running = { parts, engine, torrents, [Symbol.asyncDispose]: () => all.disposeAsync() }
  }

  async function stop(): Promise<void> {
    await running?.[Symbol.asyncDispose]()
    running = undefined
  }

  function now() {
    if (!running) throw new Error('the server does not run')
    return running
  }

  async function watch(customPath?: string, arePeersThere = true): Promise<void> {
    const { engine, torrents } = now()
    for (const path of touched) kept.delete(path)
    touched.clear()
    engine.arePeersThere = arePeersThere
    await using stream = await torrents.getStream(infoHash, {
      choice: { kind: 'file', fileIdx: 0 },
      ...(customPath === undefined ? {} : { customPath }),
    })
    const read: Buffer[] = []
    for await (const slice of stream.read({ start: 0, end: stream.size - 1 }, AbortSignal.timeout(2_000)))
      read.push(Buffer.from(slice))
    expect(Buffer.concat(read).equals(FILES['Film.mkv'])).toBe(true)
    done.streamed++
  }

  const all = opening.move()
  return {
    root,
    home,
    extra,
    elsewhere,
    folder,
    put,
    putRight,
    take,
    changeWhole,
    moveAside,
    check,
    start,
    stop,
    watch,
    get parts() {
      return now().parts
    },
    get engine() {
      return now().engine
    },
    get torrents() {
      return now().torrents
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await all.disposeAsync()
    },
  }
}

const SILENT = { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 }

/** Leaves a folder as an earlier version did, with these files of the torrent complete. */
async function leave(directory: string, names: readonly (keyof typeof FILES)[]): Promise<void> {
  await mkdir(join(directory, MARK), { recursive: true })
  const whole: Record<string, object> = {}
  for (const name of names) {
    await writeFile(join(directory, name), FILES[name], { flag: 'wx' })
    const { size, mtimeMs } = await stat(join(directory, name))
    whole[Object.keys(FILES).indexOf(name)] = { size, mtimeMs }
  }
  await writeFile(join(directory, MARK, 'metainfo.torrent'), metainfo)
  await writeFile(join(directory, MARK, 'state.json'), JSON.stringify({ whole }))
}

/** Puts our notes beside a film of the user's, claiming that it is ours. */
async function claim(directory: string): Promise<void> {
  const { size, mtimeMs } = await stat(join(directory, 'Film.mkv'))
  await leave(directory, [])
  const state = { whole: { 0: { size, mtimeMs } } }
  await writeFile(join(directory, MARK, 'state.json'), JSON.stringify(state))
}

async function locate(folder: string, place: string): Promise<void> {
  await makeTorrentFolder(folder)
  await writeFile(join(folder, MARK, 'location'), place)
}

/** Resolves when the server searches for it, or finds it without a search. */
async function lookedFor({ torrents }: World): Promise<void> {
  for (let n = 0; n < 20 && !torrents.activityOf(infoHash)?.isInSwarm; n++) await sleep(2)
}

/** Not every event is possible at any time. */
async function attempt(work: () => Promise<unknown> | undefined): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isExpected =
      (error as { code?: unknown }).code !== undefined || (error as Error).name === 'TimeoutError'
    if (!isExpected) throw error
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function sha1(content: Uint8Array): string {
  return createHash('sha1').update(content).digest('hex')
}
