import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { flipByte } from '../support/flip-byte.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { connectPeer, freePort } from '../support/raw-peer.ts'
import { downloadTorrent, hasSeeder, startTracker } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'

const [UNCHOKE, INTERESTED, REQUEST] = [1, 2, 6]
const film = patternBytes(5 * 1024 * 1024 + 1)

describe.skipIf(!hasSeeder)('with TORRENT_SEED', () => {
  test('a complete film is shared from the start, without a viewer', async () => {
    await using parts = new AsyncDisposableStack()
    const { path: root } = parts.use(await temporaryFolder())
    const { path: peers } = parts.use(await temporaryFolder())
    const tracker = parts.use(await startTracker())
    const { directory } = await leaveCompleteTorrent({ root, files: [{ name: 'Film.mkv', bytes: film }] })
    const metainfo = await readFile(join(directory, '.self-streme', 'metainfo.torrent'))
    const settings = { TORRENT_SEED: 'true', TORRENT_TRACKERS: tracker.url }
    const announced = once(tracker.server, 'start')
    parts.use(await startTestApp({ ...settings, TORRENT_DOWNLOAD_PATH: root }))
    await announced
    await downloadTorrent(metainfo, peers, tracker.url)
    expectSameBytes(await readFile(join(peers, 'Film.mkv')), film)
  })

  test('a film of which a peer requests a damaged piece is no longer complete, though its date is unchanged', async () => {
    await using folder = await temporaryFolder()
    const files = [{ name: 'Film.mkv', bytes: film }]
    const left = await leaveCompleteTorrent({ root: folder.path, files })
    const [path = ''] = left.paths
    await flipByte(path, 0)
    const { size, mtimeMs } = await stat(path)
    const state = JSON.stringify({ whole: { 0: { size, mtimeMs } } })
    await writeFile(join(left.directory, '.self-streme', 'state.json'), state)

    const port = await freePort()
    const settings = { TORRENT_SEED: 'true', TORRENT_PORT: String(port) }
    await using app = await startTestApp({ ...settings, TORRENT_DOWNLOAD_PATH: folder.path })
    expect(await isCompleteOnDisk(app, left.infoHash)).toBe(true)
    const peer = await connectPeer(port, left.infoHash)
    peer.hear(([id]) => {
      if (id === UNCHOKE) peer.send(request(0, 0, 16 * 1024))
    })
    peer.send(Buffer.of(INTERESTED))
    await expect.poll(() => isCompleteOnDisk(app, left.infoHash)).toBe(false)
    peer.socket.destroy()
  })
})

/** BEP 3, "peer messages" */
function request(piece: number, offset: number, length: number): Buffer {
  const message = Buffer.alloc(13)
  message.writeUInt8(REQUEST)
  for (const [index, value] of [piece, offset, length].entries()) message.writeUInt32BE(value, 1 + 4 * index)
  return message
}
