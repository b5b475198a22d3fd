import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { seedWithWebtorrent } from '../support/webtorrent-seeder.ts'

const MIB = 1024 * 1024
const film = patternBytes(12 * MIB + 12_345)

/** The other tests on a real swarm need libtorrent; this one runs wherever npm does. */
test('a film is fetched from the swarm: its beginning, a seek far ahead, and then the rest', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await seedWithWebtorrent(path, 2 * MIB)
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`

  const viewer = await openStream(url)
  expect(viewer.headers['content-type']).toBe('video/x-matroska')
  expectSameBytes(await readBytes(viewer, 64 * 1024), film.subarray(0, 64 * 1024))
  viewer.destroy()

  const start = 11 * MIB + 7
  expectSameBytes(await getRange(url, start, start + 64 * 1024), film.subarray(start, start + 64 * 1024 + 1))
  // The part between would take more than 5 s: it was not fetched first.
  expect(swarm.uploadedBytes()).toBeLessThan(11 * MIB)
  swarm.hurry()

  const whole = await fetch(url)
  expect([whole.status, whole.headers.get('content-length')]).toEqual([200, String(film.length)])
  expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(film))
  await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
})
