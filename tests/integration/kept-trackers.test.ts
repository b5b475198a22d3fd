import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readKeptTrackers, saveKeptTrackers } from '../../src/storage/folder-state.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const KEPT = {
  urls: ['https://t.example.org/announce?passkey=1', 'udp://t.example.org:1337'],
  areOfFile: true,
}

test('stored trackers of a private torrent can be read by the user of the server only', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, '.self-streme'))
  expect(await readKeptTrackers(folder.path)).toBeUndefined()
  await saveKeptTrackers(folder.path, KEPT)
  const note = join(folder.path, '.self-streme', 'trackers.json')
  expect((await stat(note)).mode & 0o777).toBe(0o600)
  expect(await readKeptTrackers(folder.path)).toEqual(KEPT)

  // A file that a backup restored as readable for all is closed with the next change.
  await chmod(note, 0o644)
  await saveKeptTrackers(folder.path, { ...KEPT, areOfFile: false })
  expect((await stat(note)).mode & 0o777).toBe(0o600)
  expect(JSON.parse(await readFile(note, 'utf8'))).toEqual({ ...KEPT, areOfFile: false })
})

test.for([
  '',
  '{}',
  '[]',
  '{"urls":"udp://t.example.org","areOfFile":true}',
  '{"urls":[5],"areOfFile":true}',
  'null',
])('a note of trackers with the content %j is ignored', async (text) => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, '.self-streme'))
  await writeFile(join(folder.path, '.self-streme', 'trackers.json'), text)
  expect(await readKeptTrackers(folder.path)).toBeUndefined()
})
