import { createHash } from 'node:crypto'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { longestTurn, measuringTurns } from '../support/longest-turn.ts'
import { AS_OWNER } from '../support/owner.ts'
import { anonymousMemoryOf, childrenOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PIECE = 16 * 1024
const FILES = 10_000
/** Nearly the longest metadata, with as many files or pieces as are accepted. */
const MOST_FILES = 20_000
const MOST_PIECES = 830_000
/** The longest allowed block of the event loop; twice that for metadata at the limit. */
const MOST_MS = 100
/** Names that are slow to parse, each in its own way. */
const BITS = [
  'a',
  'a.',
  ' ',
  '01 ',
  'S01E01.',
  '1x01-',
  'я ',
  '第1話',
  'a\u0301',
  '2020 - a ',
  '2020 ',
  'Season 1 ',
  'sample-',
  'cd1 ',
  '[a]',
]

/** 10 MB of metadata: as many files as are accepted, with names four times as long as any real one. */
function largeTorrent(bits: readonly string[], count = FILES, nameBytes = 900): LargeTorrent {
  const files = Array.from({ length: count }, (_, n) => {
    const bit = bits[n % bits.length] ?? ''
    const name = bit.repeat(Math.ceil(nameBytes / Buffer.byteLength(bit)))
    return {
      length: 1_000,
      path: [`${name.slice(0, 10)}${n % 50}`, `${name}${n}.${n < FILES ? 'mkv' : 'jpg'}`],
    }
  })
  const pieces = Buffer.alloc(20 * Math.ceil((1_000 * count) / PIECE))
  const info = bencode.encode({ name: 'a.'.repeat(40_000), 'piece length': PIECE, pieces, files })
  return wrapped(info)
}

function manyPieces(): LargeTorrent {
  const info = { length: MOST_PIECES * PIECE, name: 'Film.mkv', 'piece length': PIECE }
  return wrapped(bencode.encode({ ...info, pieces: Buffer.alloc(20 * MOST_PIECES) }))
}

function wrapped(info: Uint8Array): LargeTorrent {
  const torrent = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
  return { infoHash: createHash('sha1').update(info).digest('hex'), torrent }
}

interface LargeTorrent {
  readonly infoHash: string
  readonly torrent: Uint8Array
}

test.for([
  ['of all kinds', BITS],
  ['that differ only in their ends', ['Show.S01E01.1080p.']],
  ['that are one long word', ['a']],
] as const)('parsing 10 MB of metadata with names %s does not block other requests', async ([, bits]) => {
  await expectShortTurns(largeTorrent(bits))
})

test(`parsing ${MOST_FILES} files in 15 MB of metadata does not block other requests`, () =>
  expectShortTurns(largeTorrent(BITS, MOST_FILES, 600), 2 * MOST_MS))

test(`parsing ${MOST_PIECES} pieces in 16 MB of metadata does not block other requests`, () =>
  expectShortTurns(manyPieces(), 2 * MOST_MS))

async function expectShortTurns(large: LargeTorrent, mostMs = MOST_MS): Promise<void> {
  expect(large.torrent.length).toBeGreaterThan(9e6)
  expect(large.torrent.length).toBeLessThan(16 * 1024 * 1024)
  // On a busy machine the same work takes more processor time: the best of a few rounds counts.
  let least: Record<string, number> = {}
  for (let round = 0; round < 4; round++) {
    const longest = await longestTurns(large)
    least = Object.fromEntries(
      Object.entries(longest).map(([what, ms]) => [what, Math.min(ms, least[what] ?? ms)]),
    )
    if (Object.values(least).every((ms) => ms <= mostMs)) break
  }
  expect(Object.keys(least)).toHaveLength(7)
  console.info(
    Object.entries(least)
      .map(([what, ms]) => `${what}: ${ms.toFixed()} ms`)
      .join('; '),
  )
  expect(Object.entries(least).filter(([, ms]) => ms > mostMs)).toEqual([])
}

/** Has a server read the torrent in every way. @returns the longest block of each, in ms */
async function longestTurns({ infoHash, torrent }: LargeTorrent) {
  await using folder = await temporaryFolder()
  const settings = {
    ...(await measuringTurns(folder.path)),
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORRENT_TIMEOUT: '60000',
  }
  const longest: Record<string, number> = {}

  async function start() {
    const server = startServerProcess(settings)
    const url = await server.url()
    const turn = () => longestTurn(server.child.pid ?? 0, folder.path)
    // Modules are loaded in turns that no viewer waits for.
    await turn()
    async function during(what: string, path: string, init: RequestInit = {}) {
      const answer = await fetch(url + path, { ...init, headers: { ...AS_OWNER, ...init.headers } }).catch(
        () => undefined,
      )
      await answer?.arrayBuffer()
      longest[what] = await turn()
      return answer?.status
    }
    return { server, during }
  }

  {
    const { server, during } = await start()
    await using _server = server
    const headers = { 'Content-Type': 'application/x-bittorrent' }
    const add = { method: 'POST', headers, body: torrent }
    const addedAt = performance.now()
    expect(await during('adding it', '/api/torrents?files=all', add)).toBe(202)
    const mib = (pid: number | undefined) => (anonymousMemoryOf(pid ?? 0) / 1024 / 1024).toFixed()
    const [engine] = childrenOf(server.child.pid ?? 0, 'engine/child/main.ts')
    console.info(
      `added in ${(performance.now() - addedAt).toFixed()} ms; MiB ${mib(server.child.pid)} + ${mib(engine)}`,
    )
    expect(await during('listing torrents', '/api/torrents')).toBe(200)
    expect(await during('listing the cache', '/api/cache')).toBe(200)
    const asked = { signal: AbortSignal.timeout(2_000) }
    await during('choosing an episode', `/stream/proxy/${infoHash}?season=1&episode=7`, asked)
    await during('a list of series', '/catalog/series/selfstreme-library.json')
    server.child.kill('SIGTERM')
    await server.ended()
  }
  const { server, during } = await start()
  await using _server = server
  expect(await during('reading it from disk', `/api/torrents/${infoHash}`)).toBe(200)
  expect(await during('listing torrents from disk', '/api/torrents')).toBe(200)
  return longest
}
