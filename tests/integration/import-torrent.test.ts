import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { ImportContext } from '../../src/import/context.ts'
import { type Contents, readContents } from '../../src/storage/contents.ts'
import { readUsage } from '../../src/storage/folder-state.ts'
import { flipByte } from '../support/flip-byte.ts'
import { doImport } from '../support/import.ts'
import { isComplete } from '../support/is-complete.ts'
import { asBitComet, LINK, withLink } from '../support/padding.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder } from '../support/swarm.ts'
import { otherDisk, temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'
import { makeTorrentFile, type TorrentFileOptions } from '../support/torrent-file.ts'
import { type User, userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const PIECE_LENGTH = 64 * 1024
const ALONE = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }
/** No file ends at a piece boundary. */
const EPISODES = {
  'One.mkv': patternBytes(2 * MIB + 1_000, 'one'),
  'Two.mkv': patternBytes(3 * MIB + 2_000, 'two'),
  'Extras/Making of.mp4': patternBytes(MIB + 3_000, 'extra'),
}

describe.skipIf(!hasSeeder)('a torrent made by another client', () => {
  test('of one file is complete at once, linked instead of copied, pinned, and served without peers', async () => {
    await using user = await userWith({ 'Film.mkv': EPISODES['One.mkv'] })
    const { infoHash, metainfo } = torrentOf(user, 'Film.mkv')
    const path = join(user.home, 'Film.mkv')
    const directory = join(user.root, infoHash)
    const to = join(directory, 'Film.mkv')
    const report = await doImport(user.root, { kind: 'torrent', paths: [path], metainfo })
    const bytes = EPISODES['One.mkv'].length
    expect(report).toEqual({
      imported: [
        {
          infoHash,
          magnet: `magnet:?xt=urn:btih:${infoHash}`,
          directory,
          files: [{ from: path, to, how: 'hard link', bytes }],
        },
      ],
      skipped: [],
    })
    expect((await stat(to)).ino).toBe((await stat(path)).ino)
    expect(await readUsage(directory)).toMatchObject({ origin: 'imported', isPinned: true, plays: 0 })
    expect(await readdir(user.root)).toEqual([infoHash])
    expect((await readdir(join(directory, '.self-streme'))).sort()).toEqual([
      'made',
      'metainfo.torrent',
      'state.json',
      'usage.json',
      'verified.bits',
    ])

    await using app = await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: user.root })
    expect(app.app.index.get(infoHash)?.contents).toMatchObject({ bytesOnDisk: 0 })
    expect(await isComplete(app.app.index.get(infoHash)?.contents)).toBe(true)
    const answer = await fetch(`${app.url}/stream/proxy/${infoHash}`)
    expectSameBytes(Buffer.from(await answer.arrayBuffer()), EPISODES['One.mkv'])
  })

  test.for(['plain', 'padded', 'hybrid'] as const)(
    'of a folder, %s, is complete with all of its files',
    async (kind) => {
      await using user = await userWith(EPISODES)
      const { infoHash, metainfo } = torrentOf(user, '', { kind })
      const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
      expect(report.skipped).toEqual([])
      expect(report.imported[0]?.files.map(({ how }) => how)).toEqual(['hard link', 'hard link', 'hard link'])
      const contents = await contentsOf(user, infoHash)
      expect(await isComplete(contents)).toBe(true)

      await using app = await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: user.root })
      for (const [index, { name, size }] of Object.entries(contents.files)) {
        const answer = await fetch(`${app.url}/stream/proxy/${infoHash}/${index}`)
        const [, bytes = Buffer.alloc(0)] =
          Object.entries(EPISODES).find(([path]) => path.endsWith(name)) ?? []
        expect(bytes.length).toBe(size)
        expectSameBytes(Buffer.from(await answer.arrayBuffer()), bytes)
      }
    },
  )

  test.for([
    ['with padding as BitComet names it', (metainfo: Uint8Array) => asBitComet(metainfo)],
    ['with a symbolic link without a length', (metainfo: Uint8Array) => withLink(metainfo)],
    ['with both', (metainfo: Uint8Array) => asBitComet(metainfo, [LINK])],
  ] as const)('of a folder, %s, is complete without a file for them', async ([, change]) => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = change(torrentOf(user, '', { kind: 'padded' }).metainfo)
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    expect(report.skipped).toEqual([])
    const contents = await contentsOf(user, infoHash as InfoHash)
    expect(await isComplete(contents)).toBe(true)
    expect(Object.keys(contents.files)).toHaveLength(Object.keys(EPISODES).length)
  })

  test('is found in files with other names and in other folders', async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '')
    await rename(join(user.home, 'One.mkv'), join(user.home, 'Episode 1.mkv'))
    await rename(join(user.home, 'Two.mkv'), join(user.home, 'Extras', 'Two.mkv'))
    const paths = [join(user.home, 'Extras'), join(user.home, 'Episode 1.mkv')]
    const report = await doImport(user.root, { kind: 'torrent', paths, metainfo })
    expect(report.skipped).toEqual([])
    expect(await isComplete(await contentsOf(user, infoHash))).toBe(true)
  })

  test('without one of its files, and with a wrong one, is imported as far as it is right', async () => {
    const files = { ...EPISODES, 'Four.mkv': patternBytes(MIB + 5, 'four') }
    await using user = await userWith(files)
    // Padded, so that no piece has bytes of two files.
    const { infoHash, metainfo } = torrentOf(user, '', { kind: 'padded' })
    await writeFile(join(user.home, 'One.mkv'), patternBytes(files['One.mkv'].length, 'other'))
    await rm(join(user.home, 'Extras'), { recursive: true })
    await writeFile(join(user.home, 'Four.mkv'), patternBytes(77))
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    expect(report.imported[0]?.files).toMatchObject([{ from: join(user.home, 'Two.mkv'), how: 'hard link' }])
    expect(report.skipped).toEqual(
      expect.arrayContaining([
        { path: 'Extras/Making of.mp4', why: 'it is missing' },
        {
          path: 'Four.mkv',
          why: `it should have ${MIB + 5} bytes, but ${join(user.home, 'Four.mkv')} has 77`,
        },
        { path: join(user.home, 'One.mkv'), why: '33 of its 33 pieces are wrong' },
      ]),
    )
    expect(report.skipped).toHaveLength(3)
    const contents = await contentsOf(user, infoHash)
    expect(Object.values(contents.files).map(({ name }) => name)).toEqual(['Two.mkv'])
    expect(await readdir(join(user.root, infoHash))).not.toContain('One.mkv')
  })

  test("with a damaged file copies that file, so that it can be repaired, and the user's stays unchanged", async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '')
    const path = join(user.home, 'Two.mkv')
    await flipByte(path, MIB)
    const damaged = await readFile(path)
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    const file = report.imported[0]?.files.find(({ from }) => from === path)
    expect(file).toMatchObject({ missingBytes: PIECE_LENGTH, how: expect.stringMatching(/^(copy|reflink)$/) })
    expect((await stat(file?.to ?? '')).nlink).toBe(1)
    expectSameBytes(await readFile(path), damaged)
    const contents = await contentsOf(user, infoHash)
    const two = Object.values(contents.files).find(({ name }) => name === 'Two.mkv')
    expect(two).toMatchObject({
      bytesThere: EPISODES['Two.mkv'].length - PIECE_LENGTH,
      wholeMtimeMs: undefined,
    })
  })

  test('without any complete file is not imported, and nothing is left of it', async () => {
    await using user = await userWith({ 'Film.mkv': EPISODES['One.mkv'], 'Film.nfo': Buffer.from('hello') })
    const { metainfo } = torrentOf(user, '', { files: ['Film.nfo', 'Film.mkv'] })
    await rm(join(user.home, 'Film.nfo'))
    const path = join(user.home, 'Film.mkv')
    const report = await doImport(user.root, { kind: 'torrent', paths: [path], metainfo })
    expect(report).toEqual({
      imported: [],
      skipped: [
        { path: 'Film.nfo', why: 'it is missing' },
        { path, why: '1 of its 33 pieces also hold bytes of missing files and cannot be checked' },
      ],
    })
    expect(await readdir(user.root)).toEqual([])
  })

  test('is not imported with unrelated files', async () => {
    await using user = await userWith(EPISODES)
    const { metainfo } = torrentOf(user, 'One.mkv')
    const path = join(user.home, 'Two.mkv')
    expect(await doImport(user.root, { kind: 'torrent', paths: [path], metainfo })).toEqual({
      imported: [],
      skipped: [
        { path, why: 'it is not a file of the torrent' },
        { path: 'One.mkv', why: 'it is missing' },
      ],
    })
  })

  test("goes beside a folder of the user's with the same name", async () => {
    await using user = await userWith({ 'Film.mkv': EPISODES['One.mkv'] })
    const { infoHash, metainfo } = torrentOf(user, 'Film.mkv')
    await mkdir(join(user.root, infoHash))
    await writeFile(join(user.root, infoHash, 'mine'), '')
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    expect(report.imported[0]?.directory).toBe(join(user.root, `${infoHash}.2`))
    expect(await readdir(join(user.root, infoHash))).toEqual(['mine'])
  })

  test('is never imported as a link: a link to a file is followed, one to a folder is not', async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '', { kind: 'padded' })
    await using other = await temporaryFolder()
    await rename(join(user.home, 'One.mkv'), join(other.path, 'elsewhere'))
    await symlink(join(other.path, 'elsewhere'), join(user.home, 'One.mkv'))
    await rename(join(user.home, 'Extras'), join(other.path, 'Extras'))
    await symlink(join(other.path, 'Extras'), join(user.home, 'Extras'))
    await symlink('nowhere', join(user.home, 'broken.mkv'))
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    expect(report.skipped).toEqual(
      expect.arrayContaining([
        { path: join(user.home, 'Extras'), why: 'it is a link to a folder; those are not followed' },
        { path: join(user.home, 'broken.mkv'), why: 'it is a dangling link' },
      ]),
    )
    const one = report.imported[0]?.files.find(({ from }) => from === join(user.home, 'One.mkv'))
    expect(one?.how).toBe('hard link')
    expect((await stat(one?.to ?? '')).ino).toBe((await stat(join(other.path, 'elsewhere'))).ino)
    expect(
      (await readdir(join(user.root, infoHash), { withFileTypes: true })).some((e) => e.isSymbolicLink()),
    ).toBe(false)
  })
})

describe.skipIf(!hasSeeder)('a torrent that is partly there', () => {
  test('is completed while no server uses the folder', async () => {
    await using user = await userWith(EPISODES)
    const files = Object.keys(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '', { files })
    const [one = '', two = ''] = files.map((name) => join(user.home, name))
    // The last piece of the first file is the first of the second.
    await doImport(user.root, { kind: 'torrent', paths: [one, two], metainfo })
    expect(await isComplete(await contentsOf(user, infoHash))).toBe(false)
    expect(await contentsOf(user, infoHash)).toMatchObject({
      files: { 0: { wholeMtimeMs: expect.any(Number) }, 1: { wholeMtimeMs: undefined } },
    })
    await writeFile(join(user.root, infoHash, 'mine.srt'), 'mine')
    const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    expect(report.imported[0]?.files.map(({ how }) => how)).toEqual([
      'already there',
      'hard link',
      'hard link',
    ])
    expect(await isComplete(await contentsOf(user, infoHash))).toBe(true)
    expect(await readFile(join(user.root, infoHash, 'mine.srt'), 'utf8')).toBe('mine')
    await using app = await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: user.root })
    const answer = await fetch(`${app.url}/stream/proxy/${infoHash}/1`)
    expectSameBytes(Buffer.from(await answer.arrayBuffer()), EPISODES['Two.mkv'])
  })

  test('keeps a file that the user adds while others are copied', async ({ skip }) => {
    await using user = await userWith(EPISODES)
    await using elsewhere = await otherDisk(user.root)
    if (!elsewhere) return skip('there is no other disk')
    const root = elsewhere.path
    const { infoHash, metainfo } = torrentOf(user, '', { files: Object.keys(EPISODES) })
    const some = [join(user.home, 'One.mkv'), join(user.home, 'Two.mkv')]
    await doImport(root, { kind: 'torrent', paths: some, metainfo })
    const mine = join(root, infoHash, 'Making of.mp4')
    const onProgress: ImportContext['onProgress'] = ({ step }) => {
      if (step === 'copying') writeFileSync(mine, 'mine')
    }
    const request = { kind: 'torrent', paths: [user.home], metainfo } as const
    await expect(doImport(root, request, { onProgress })).rejects.toMatchObject({ code: 'folder.in_use' })
    expect(await readFile(mine, 'utf8')).toBe('mine')
  })

  test('is not changed while a server uses the folder, and the report says what to do', async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '', { files: Object.keys(EPISODES) })
    const some = [join(user.home, 'One.mkv'), join(user.home, 'Two.mkv')]
    await doImport(user.root, { kind: 'torrent', paths: some, metainfo })
    await using _app = await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: user.root })
    await expect(
      doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo }),
    ).rejects.toMatchObject({
      code: 'folder.in_use',
      message: expect.stringMatching(new RegExp(`stop the server.*-- rm ${infoHash}`)),
    })
    const again = await doImport(user.root, { kind: 'torrent', paths: some.slice(0, 1), metainfo })
    expect(again.imported[0]?.files).toMatchObject([{ how: 'already there' }])
  })

  test('takes a complete file in place of a partly fetched one, and keeps what is there of the others', async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '', { files: Object.keys(EPISODES) })
    await flipByte(join(user.home, 'Two.mkv'), 2 * MIB)
    await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
    const healed = join(user.home, 'healed.mkv')
    await writeFile(healed, EPISODES['Two.mkv'])
    const report = await doImport(user.root, { kind: 'torrent', paths: [healed], metainfo })
    expect(report.imported[0]?.files).toMatchObject([{ from: healed, how: 'hard link' }])
    expect(await isComplete(await contentsOf(user, infoHash))).toBe(true)
  })

  test('is pinned after an import of any kind', async () => {
    await using user = await userWith({ 'Film.mkv': EPISODES['One.mkv'] })
    const { infoHash, metainfo } = torrentOf(user, 'Film.mkv')
    const request = { kind: 'torrent', paths: [user.home], metainfo } as const
    await doImport(user.root, request)
    const usage = join(user.root, infoHash, '.self-streme', 'usage.json')
    await rm(usage)
    {
      await using _app = await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: user.root })
      const { skipped } = await doImport(user.root, request)
      expect(skipped).toMatchObject([{ why: expect.stringContaining(`-- pin ${infoHash}`) }])
    }
    expect((await doImport(user.root, request)).skipped).toEqual([])
    expect(await readUsage(join(user.root, infoHash))).toMatchObject({ isPinned: true, origin: 'watched' })
  })
})

describe.skipIf(!hasSeeder)('an import that does not finish', () => {
  test('because it is a dry run changes nothing, and says what it would do', async () => {
    await using user = await userWith(EPISODES)
    const { infoHash, metainfo } = torrentOf(user, '')
    const root = join(user.root, 'not', 'there')
    const isDryRun = true
    const report = await doImport(root, { kind: 'torrent', paths: [user.home], metainfo }, { isDryRun })
    expect(report.imported).toMatchObject([{ infoHash, directory: join(root, infoHash) }])
    expect(report.imported[0]?.files.map(({ how }) => how)).toEqual(['hard link', 'hard link', 'hard link'])
    expect(await readdir(user.root)).toEqual([])
  })

  test('because a file changes meanwhile leaves nothing behind', async () => {
    await using user = await userWith(EPISODES)
    const { metainfo } = torrentOf(user, '')
    const path = join(user.home, 'Two.mkv')
    let changed: Promise<void> | undefined
    const onProgress: ImportContext['onProgress'] = ({ doneBytes, totalBytes }) => {
      if (doneBytes === totalBytes) changed = flipByte(path, 0)
    }
    const lateEnough = { onProgress }
    const done = doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo }, lateEnough)
    await expect(done).rejects.toMatchObject({
      code: 'media.damaged',
      message: `${path} was changed while it was being imported`,
    })
    await changed
    expect(await readdir(user.root)).toEqual([])
  })

  test.for(['hashing', 'copying'] as const)(
    'because it is aborted while %s leaves nothing behind',
    async (when) => {
      await using user = await userWith(EPISODES)
      await using elsewhere = await otherDisk(user.root)
      if (!elsewhere) return
      const { metainfo } = torrentOf(user, '')
      const off = new AbortController()
      const onProgress: ImportContext['onProgress'] = ({ step }) => {
        if (step === when) off.abort(new Error('called off'))
      }
      const request = { kind: 'torrent', paths: [user.home], metainfo } as const
      await expect(doImport(elsewhere.path, request, { onProgress }, off.signal)).rejects.toThrow(
        'called off',
      )
      expect(await readdir(elsewhere.path)).toEqual([])
    },
  )
})

describe.skipIf(!hasSeeder)('a torrent imported from another disk', () => {
  test('is copied, with its dates', async () => {
    await using user = await userWith(EPISODES)
    await using elsewhere = await otherDisk(user.root)
    if (!elsewhere) return
    const { infoHash, metainfo } = torrentOf(user, '')
    const steps = new Set<string>()
    const onProgress: ImportContext['onProgress'] = ({ step }) => steps.add(step)
    const request = { kind: 'torrent', paths: [user.home], metainfo } as const
    const { imported } = await doImport(elsewhere.path, request, { onProgress })
    expect(imported[0]?.files.map(({ how }) => how)).toEqual(['copy', 'copy', 'copy'])
    expect([...steps]).toEqual(['hashing', 'copying'])
    for (const { from, to } of imported[0]?.files ?? []) {
      expect((await stat(to)).mtime).toEqual((await stat(from)).mtime)
      expectSameBytes(await readFile(to), await readFile(from))
    }
    const directory = join(elsewhere.path, infoHash)
    expect(await isComplete(await readContents({ infoHash: infoHash as InfoHash, directory }))).toBe(true)
  })

  test.for([false, true])('is refused when there is no space for it (dry run: %s)', async (isDryRun) => {
    await using user = await userWith(EPISODES)
    await using elsewhere = await otherDisk(user.root)
    if (!elsewhere) return
    const { metainfo } = torrentOf(user, '')
    const request = { kind: 'torrent', paths: [user.home], metainfo } as const
    const minFreeBytes = 10 ** 15
    await expect(doImport(elsewhere.path, request, { isDryRun, minFreeBytes })).rejects.toMatchObject({
      code: 'disk.full',
      message: expect.stringMatching(
        /has \d+ bytes free, \d+ of them reserved by CACHE_MIN_FREE; copying needs \d+/,
      ),
    })
    expect(await readdir(elsewhere.path)).toEqual([])
  })
})

test('a torrent file with paths out of its folder is imported inside of it', async () => {
  await using user = await userWith({ 'evil.mkv': EPISODES['One.mkv'] })
  const bytes = EPISODES['One.mkv']
  const files = [{ length: bytes.length, path: ['..', '..', 'evil.mkv'] }]
  const info = { files, name: '..', 'piece length': PIECE_LENGTH, pieces: hashesOf(bytes) }
  const metainfo = bencode.encode({ info })
  const report = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
  const directory = join(user.root, createHash('sha1').update(bencode.encode(info)).digest('hex'))
  expect(report.imported[0]?.files).toMatchObject([{ to: join(directory, 'evil.mkv') }])
  expect((await readdir(directory)).sort()).toEqual(['.self-streme', 'evil.mkv'])
})

test.for([
  ['is no torrent file', Buffer.from('hello'), 'not bencoded'],
  [
    'has "info" twice',
    Buffer.concat([
      Buffer.from('d4:infod'),
      infoOfHello(),
      Buffer.from('e4:infod'),
      infoOfHello(),
      Buffer.from('ee'),
    ]),
    '"info" twice',
  ],
] as const)('a torrent file that %s is refused', async ([, metainfo, why]) => {
  await using user = await userWith({ 'Film.mkv': Buffer.from('hello') })
  const request = { kind: 'torrent', paths: [user.home], metainfo } as const
  await expect(doImport(user.root, request)).rejects.toMatchObject({
    code: 'torrent.invalid',
    message: expect.stringContaining(why),
  })
})

test('a torrent with unsorted keys is imported under the info hash of its bytes', async () => {
  await using user = await userWith({ 'Film.mkv': Buffer.from('hello') })
  const metainfo = Buffer.concat([Buffer.from('d4:infod'), infoOfHello(), Buffer.from('ee')])
  await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
  const infoHash = createHash('sha1').update(metainfo.subarray(7, -1)).digest('hex') as InfoHash
  expect(await contentsOf(user, infoHash)).toMatchObject({ name: 'Film.mkv' })
  expect(await isComplete(await contentsOf(user, infoHash))).toBe(true)
})

/** Its keys are not sorted: re-encoded, it would have another info hash. */
function infoOfHello(): Buffer {
  const hashes = hashesOf(Buffer.from('hello'))
  return Buffer.concat([Buffer.from('4:name8:Film.mkv6:lengthi5e12:piece lengthi16384e6:pieces20:'), hashes])
}

/** @param name - of a file; empty for all of them */
function torrentOf({ home }: User, name: string, options: Partial<TorrentFileOptions> = {}) {
  const made = makeTorrentFile({ path: join(home, name), pieceLength: PIECE_LENGTH, ...options })
  return { ...made, infoHash: made.infoHash as InfoHash }
}

function contentsOf({ root }: User, infoHash: InfoHash): Promise<Contents> {
  return readContents({ infoHash, directory: join(root, infoHash) })
}

/** SHA-1 of each piece. */
function hashesOf(bytes: Uint8Array): Buffer {
  const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_LENGTH) }, (_, piece) =>
    bytes.subarray(piece * PIECE_LENGTH, (piece + 1) * PIECE_LENGTH),
  )
  return Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest()))
}
