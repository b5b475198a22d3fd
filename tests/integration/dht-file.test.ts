import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DhtNode, writeDhtNodes } from '../../src/domain/bittorrent/dht-nodes.ts'
import { DhtFile } from '../../src/engine/dht-file.ts'
import { recordingLog } from '../support/recording-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const nodeAt = (host: string, agoMs = 0): DhtNode => ({
  id: 'ab'.repeat(20),
  host,
  port: 6881,
  seenAt: Date.now() - agoMs,
})

test('nodes that were noted are there at the next start, and readable by the user of the server only', async () => {
  await using folder = await temporaryFolder()
  // DATA_PATH is made when it is needed.
  const path = join(folder.path, 'data', 'dht-nodes')
  const { log, events } = recordingLog()
  const file = new DhtFile(path, log)
  expect(await file.nodes()).toEqual([])
  const [one, other] = [nodeAt('8.8.4.4'), nodeAt('1.1.1.1', 1_000)]
  void file.note([other])
  // What is not in use now may be in use later.
  void file.note([one])
  // At the end there may be no connection to the internet.
  void file.note([])
  await file.saved
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await new DhtFile(path, log).nodes()).toEqual([one, other])
  expect(events.debug).toEqual([])
})

test('of a file that others changed, what is no public node of this week is not used', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'dht-nodes')
  const good = nodeAt('8.8.4.4')
  const lines = [nodeAt('192.168.1.1'), good, nodeAt('1.1.1.1', 8 * 24 * 60 * 60_000)]
  await writeFile(path, `${writeDhtNodes(lines)}garbage\n\0\n`)
  expect(await new DhtFile(path, recordingLog().log).nodes()).toEqual([good])
})

test.for([
  ['long', (path: string) => writeFile(path, `${writeDhtNodes([nodeAt('8.8.4.4')])}${'x'.repeat(40_000)}`)],
  ['a link', (path: string) => symlink('/etc/passwd', path)],
  ['a folder', (path: string) => mkdir(path)],
] as const)('a file of nodes that is %s is not used', async ([, make]) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'dht-nodes')
  await make(path)
  const { log, events } = recordingLog()
  const file = new DhtFile(path, log)
  expect(await file.nodes()).toEqual([])
  expect(events.debug).toHaveLength(1)
  await file.note([nodeAt('8.8.4.4')])
  expect([events.warn, events.error]).toEqual([[], []])
  expect(await readFile('/etc/passwd', 'utf8')).toContain('root')
})
