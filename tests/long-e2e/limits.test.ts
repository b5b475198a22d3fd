import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { anonymousMemoryOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const UNKNOWN = 'c0ffee0000000000000000000000000000000000'

test('21 MB of requests behind one that waits cost next to no memory', async () => {
  await using downloads = await temporaryFolder()
  await using server = startServerProcess({ TORRENT_DOWNLOAD_PATH: downloads.path })
  const url = await server.url()
  const pid = server.child.pid as number
  await fetch(`${url}/manifest.json`)
  const before = anonymousMemoryOf(pid)

  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  const request = `GET /stream/proxy/${UNKNOWN} HTTP/1.1\r\nHost: a\r\n\r\n`
  socket.write(request.repeat(Math.ceil((21 * MIB) / request.length)))
  let most = 0
  const until = performance.now() + 5_000
  while (performance.now() < until) {
    const taken = socket.bytesWritten - socket.writableLength
    most = Math.max(most, anonymousMemoryOf(pid) - before)
    await new Promise((done) => setTimeout(done, 100))
    expect(taken).toBeLessThan(12 * MIB)
  }
  console.info(`${(most / MIB).toFixed(1)} MiB`)
  expect(most).toBeLessThan(30 * MIB)
  expect((await fetch(`${url}/manifest.json`)).status).toBe(200)
  socket.destroy()
})
