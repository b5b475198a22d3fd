import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { hasNginx, startNginx } from '../support/nginx.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const OFFER = { 'X-Accel-Prefix': '/_media' }

test.skipIf(!hasNginx || !hasSeeder)(
  'a film being fetched is streamed and sought through nginx, and handed to nginx once it is complete',
  async () => {
    await using source = await temporaryFolder()
    const long = patternBytes(24 * MIB, 'long')
    await writeFile(join(source.path, 'Long.mkv'), long)
    await using swarm = await startSwarm({ path: join(source.path, 'Long.mkv'), uploadLimit: 6 * MIB })
    await using app = await startTestApp({
      ...swarm.settings,
      TRUST_PROXY: 'loopback',
      ACCEL_PREFIX: '/_media',
    })
    await using nginx = await startNginx(app.url, app.folder)
    const path = `/stream/proxy/${swarm.infoHash}/0/Long.mkv`

    for (const at of [20 * MIB, 0, 10 * MIB]) {
      expectSameBytes(await getRange(nginx.url + path, at, at + 99_999), long.subarray(at, at + 100_000))
    }
    const { etag = '' } = (await send(nginx.url + path, { method: 'HEAD' })).headers
    expectSameBytes((await send(nginx.url + path)).body, long)

    const told = () => send(app.url + path, { headers: OFFER })
    const file = async () => (await told()).headers['x-accel-redirect']
    await expect.poll(file).toMatch(/Long\.mkv$/)
    const headers = { Range: 'bytes=5-9', 'If-Range': etag }
    const goesOn = await send(nginx.url + path, { headers })
    expect([goesOn.status, goesOn.headers.etag]).toEqual([206, etag])
    expectSameBytes(goesOn.body, long.subarray(5, 10))
  },
)
