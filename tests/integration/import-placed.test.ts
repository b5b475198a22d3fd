import { readdirSync } from 'node:fs'
import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { doImport } from '../support/import.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { otherDisk } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const HASH = 'abcdef0123456789abcdef0123456789abcdef01' as InfoHash
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'
const film = patternBytes(MIB + 1)

test('a film imported by its info hash while a server runs is served without peers, and not copied', async () => {
  await using user = await userWith({ 'Film.mkv': film })
  await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: user.root })
  const path = join(user.home, 'Film.mkv')
  const report = await place(user.root, path)
  const to = join(user.root, `${HASH}-Film.mkv`)
  expect(report).toEqual({
    imported: [
      {
        infoHash: HASH,
        magnet: `magnet:?xt=urn:btih:${HASH}`,
        directory: user.root,
        files: [{ from: path, to, how: 'hard link', bytes: film.length }],
      },
    ],
    skipped: [],
  })
  expect((await stat(to)).ino).toBe((await stat(path)).ino)
  const answer = await fetch(`${app.url}/stream/proxy/${HASH}`)
  expectSameBytes(Buffer.from(await answer.arrayBuffer()), film)
})

test('an imported file never overwrites another: the same file is already there, a different one gets a number', async () => {
  await using user = await userWith({
    'Film.mkv': film,
    'copy/Film.mkv': film,
    'other/Film.mkv': patternBytes(film.length, 'b'),
  })
  const howAndTo = async (path: string) => {
    const { imported } = await place(user.root, join(user.home, path))
    return imported[0]?.files.map(({ how, to }) => [how, to.slice(user.root.length + 1)])
  }
  const first = `${HASH}-Film.mkv`
  expect(await howAndTo('Film.mkv')).toEqual([['hard link', first]])
  expect(await howAndTo('Film.mkv')).toEqual([['already there', first]])
  expect(await howAndTo('copy/Film.mkv')).toEqual([['already there', first]])
  const second = `${HASH}-Film (2).mkv`
  expect(await howAndTo('other/Film.mkv')).toEqual([['hard link', second]])
  expect(await howAndTo('other/Film.mkv')).toEqual([['already there', second]])
  expect((await readdir(user.root)).sort()).toEqual([second, first].sort())
})

test('the videos of an imported folder keep their paths, and other files are left out with a reason', async () => {
  await using user = await userWith({
    'Season/1/One.mkv': film,
    'Season/2/One.mkv': patternBytes(2 * MIB, 'two'),
    'Season/2/One.srt': Buffer.from('1'),
    'Season/Sample.mkv': film.subarray(0, MIB - 1),
    'Season/.Hidden.mkv': film,
  })
  const season = join(user.home, 'Season')
  const { imported, skipped } = await place(user.root, season)
  const directory = join(user.root, `${HASH}-Season`)
  expect(imported).toMatchObject([{ infoHash: HASH, directory }])
  expect(imported[0]?.files.map(({ to }) => to)).toEqual([
    join(directory, '1', 'One.mkv'),
    join(directory, '2', 'One.mkv'),
  ])
  expect(skipped).toEqual([
    { path: join(season, '.Hidden.mkv'), why: 'it is hidden' },
    { path: join(season, '2', 'One.srt'), why: 'its extension is not that of a video that can be served' },
    { path: join(season, 'Sample.mkv'), why: `it has ${MIB - 1} bytes; at least ${MIB} are needed` },
  ])
  expect((await readdir(user.root, { recursive: true })).sort()).toEqual(
    ['', '/1', '/1/One.mkv', '/2', '/2/One.mkv'].map((inner) => `${HASH}-Season${inner}`),
  )
  const again = await place(user.root, season)
  expect(again.imported[0]?.files.map(({ how }) => how)).toEqual(['already there', 'already there'])

  // Written to, it would change under both of its names.
  await rm(join(season, '2', 'One.mkv'))
  await writeFile(join(season, '2', 'One.mkv'), patternBytes(3 * MIB, 'new'))
  expect((await place(user.root, season)).imported[0]?.directory).toBe(join(user.root, `${HASH}-Season (2)`))
})

test.for<readonly [as: string, name: string]>([
  ['40 hex digits', `My ${HASH.toUpperCase()} film.mkv`],
  ['32 base32 letters', `${BASE32_OF_HASH}.mkv`],
])('an imported file whose name has the info hash as %s keeps its name', async ([, name]) => {
  await using user = await userWith({ [name]: film })
  const { imported } = await place(user.root, join(user.home, name))
  expect(imported[0]?.files[0]?.to).toBe(join(user.root, name))
})

test('a name too long for the info hash is cut and keeps its extension', async () => {
  const name = `${'n'.repeat(250)}.mkv`
  await using user = await userWith({ [name]: film })
  const { imported } = await place(user.root, join(user.home, name))
  expect(imported[0]?.files[0]?.to).toMatch(new RegExp(`/${HASH}-n{50,}\\.mkv$`))
})

test.for(['there is nothing to import', 'it is a dry run'])('import makes nothing where %s', async (why) => {
  await using user = await userWith({ 'small.mkv': film.subarray(0, 100), 'Film.mkv': film })
  const isDryRun = why === 'it is only tried'
  const path = join(user.home, isDryRun ? 'Film.mkv' : 'small.mkv')
  const { imported } = await place(user.root, path, isDryRun)
  expect(imported).toHaveLength(isDryRun ? 1 : 0)
  expect(await readdir(user.root)).toEqual([])
})

test('a path that cannot be found does not stop the import of the others', async () => {
  await using user = await userWith({ 'Film.mkv': film })
  const requests = ['nothing.mkv', 'Film.mkv'].map((name) => ({
    path: join(user.home, name),
    infoHash: HASH,
  }))
  const { imported, skipped } = await doImport(user.root, { kind: 'placed', requests })
  expect(imported).toHaveLength(1)
  expect(skipped).toEqual([
    {
      path: join(user.home, 'nothing.mkv'),
      why: `${join(user.home, 'nothing.mkv')} cannot be found (ENOENT)`,
    },
  ])
})

test('an import from another disk is copied, and appears only when it is complete', async () => {
  await using user = await userWith({ 'Season/One.mkv': film, 'Film.mkv': film })
  await using elsewhere = await otherDisk(user.root)
  if (!elsewhere) return
  const seen = new Set<string>()
  for (const name of ['Season', 'Film.mkv']) {
    const requests = [{ path: join(user.home, name), infoHash: HASH }]
    const onProgress = () => {
      for (const there of readdirSync(elsewhere.path)) seen.add(there)
    }
    const { imported } = await doImport(elsewhere.path, { kind: 'placed', requests }, { onProgress })
    const [file] = imported[0]?.files ?? []
    expect(file?.how).toBe('copy')
    expectSameBytes(await readFile(file?.to ?? ''), film)
  }
  expect([...seen].filter((name) => !name.startsWith('.new-import-'))).toEqual([`${HASH}-Season`])
  expect((await readdir(elsewhere.path)).sort()).toEqual([`${HASH}-Film.mkv`, `${HASH}-Season`])
})

test('import of a link places its target, not the link', async () => {
  await using user = await userWith({ 'away/Film.mkv': film })
  await symlink(join(user.home, 'away', 'Film.mkv'), join(user.home, 'Link.mkv'))
  const { imported } = await place(user.root, join(user.home, 'Link.mkv'))
  const to = join(user.root, `${HASH}-Link.mkv`)
  expect(imported[0]?.files[0]).toMatchObject({ to, how: 'hard link' })
  expect((await stat(to)).ino).toBe((await stat(join(user.home, 'away', 'Film.mkv'))).ino)
})

function place(root: string, path: string, isDryRun = false) {
  return doImport(root, { kind: 'placed', requests: [{ path, infoHash: HASH }] }, { isDryRun })
}
