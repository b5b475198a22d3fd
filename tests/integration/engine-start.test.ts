import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { startEngineProcess } from '../../src/engine/engine-process.ts'
import { childrenOf } from '../support/processes.ts'
import { recordingLog } from '../support/recording-log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('the process of the engine is there as soon as it was spawned', async () => {
  await using folder = await temporaryFolder()
  const { log } = recordingLog()
  await using engine = startEngineProcess(optionsFor(folder.path), log)
  await engine.whenSpawned
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toHaveLength(1)
})

test('an engine that cannot be spawned is not waited for', async () => {
  await using folder = await temporaryFolder()
  const { log, events } = recordingLog()
  const options = {
    ...optionsFor(folder.path),
    get folders(): string[] {
      throw new Error('no folders')
    },
  }
  await using engine = startEngineProcess(options, log)
  await engine.whenSpawned
  await expect.poll(() => events.error[0]?.[1]).toMatchObject({ how: 'no folders' })
})

function optionsFor(folder: string) {
  return readConfig({ TORRENT_DOWNLOAD_PATH: folder, TORRENT_PORT: '0', TORRENT_DHT: 'false' }).engine
}
