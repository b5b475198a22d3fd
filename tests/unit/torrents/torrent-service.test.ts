import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DiskRoom } from '../../../src/disk/disk-room.ts'
import { openTorrentService } from '../../../src/torrents/torrent-service.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { fakeEngine } from '../../support/torrent-world.ts'

const INDEX = {
  find: () => undefined,
  readInfo: async () => undefined,
  contents: () => [],
  put: () => undefined,
  forget: () => undefined,
  noteSeeders: () => undefined,
}

test('writes that wait are retried when there may be space, until the service is closed', async () => {
  await using folder = await temporaryFolder()
  const { engine, opened, calls } = fakeEngine()
  const room = new DiskRoom()
  const service = openTorrentService(
    {
      root: folder.path,
      extraPaths: [],
      trackers: [],
      maxTorrents: 1,
      peerSearchMs: 60_000,
      firstPieceMs: 60_000,
      maxRetries: 0,
      stallTimeoutMs: 60_000,
      seed: false,
    },
    { engine, index: INDEX, room },
    recordingLog().log,
  )
  const leaving = new AbortController()
  const stream = service.getStream('a'.repeat(40), { signal: leaving.signal })
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)

  room.refuse('another film', folder.path, 'ENOSPC')
  await expect.poll(() => calls.retried, { interval: 1 }).toBe(1)
  const disk = { bases: [folder.path], room: room.in(folder.path) }
  room.renew([disk], room.spentBytes)
  await expect.poll(() => calls.retried, { interval: 1 }).toBe(2)

  leaving.abort(new Error('gone'))
  await expect(stream).rejects.toThrow('gone')
  await service[Symbol.asyncDispose]()
  room.renew([disk], room.spentBytes)
  await nextTurn()
  expect(calls.retried).toBe(2)
})
