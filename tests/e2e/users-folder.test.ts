import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const film = patternBytes(4 * MIB + 321)
const users = patternBytes(2 * MIB, 'of the user')

describe.skipIf(!hasSeeder)('a folder that the user makes while the server looks for its torrent', () => {
  test('stays unchanged, and the torrent is fetched into a folder beside it', async () => {
    await using swarm = await seedFilm(film)
    await using app = await startTestApp(swarm.settings)
    swarm.freeze()
    const answer = fetch(`${app.url}/stream/proxy/${swarm.infoHash}`)
    await lookedFor(app.app, swarm.infoHash)
    const folder = join(app.folder, swarm.infoHash)
    await mkdir(folder)
    await writeFile(join(folder, 'Film.mkv'), users)
    swarm.thaw()

    expectSameBytes(Buffer.from(await (await answer).arrayBuffer()), film)
    await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
    expectSameBytes(await readFile(join(`${folder}.2`, 'Film.mkv')), film)
    expect(await readdir(folder)).toEqual(['Film.mkv'])
    await app.app.torrents.remove([swarm.infoHash as InfoHash])
    expect(await readdir(app.folder)).not.toContain(`${swarm.infoHash}.2`)
    expectSameBytes(await readFile(join(folder, 'Film.mkv')), users)
  })

  test('stays unchanged when it is a link to another folder', async () => {
    await using elsewhere = await temporaryFolder()
    await using swarm = await seedFilm(film)
    await using app = await startTestApp(swarm.settings)
    await writeFile(join(elsewhere.path, 'Film.mkv'), users)
    swarm.freeze()
    const answer = fetch(`${app.url}/stream/proxy/${swarm.infoHash}`)
    await lookedFor(app.app, swarm.infoHash)
    await symlink(elsewhere.path, join(app.folder, swarm.infoHash))
    swarm.thaw()

    expectSameBytes(Buffer.from(await (await answer).arrayBuffer()), film)
    expect(await readdir(elsewhere.path)).toEqual(['Film.mkv'])
    expectSameBytes(await readFile(join(elsewhere.path, 'Film.mkv')), users)
  })
})

/** Resolves when the server looks for a torrent. */
async function lookedFor(
  { torrents }: { readonly torrents: { activityOf(infoHash: InfoHash): { isInSwarm: boolean } | undefined } },
  infoHash: string,
): Promise<void> {
  await expect.poll(() => torrents.activityOf(infoHash as InfoHash)?.isInSwarm).toBe(true)
}
