import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { hasPlayer, makeFilm } from '../support/media-files.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const run = promisify(execFile)

// ffmpeg puts the index of an MP4 after the pictures, so a player has to read the end first.
test.skipIf(!hasSeeder || !hasPlayer).for(['Film.mkv', 'Film with its index at the end.mp4'])(
  'a real player plays %s while it is fetched',
  async (name) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, name)
    makeFilm(path)
    await using swarm = await startSwarm({ path, uploadLimit: 8 * 1024 * 1024 })
    await using app = await startTestApp(swarm.settings)
    const url = `${app.url}/stream/proxy/${swarm.infoHash}/0/${encodeURIComponent(name)}`

    const probe = await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'format=duration:stream=codec_type',
      '-of',
      'json',
      url,
    ])
    const found = JSON.parse(probe.stdout) as {
      streams: { codec_type: string }[]
      format: { duration: string }
    }
    expect(found.streams.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio'])
    expect(Number(found.format.duration)).toBeCloseTo(20, 0)

    const frames = (input: string[]) =>
      run('ffmpeg', ['-v', 'error', ...input, '-map', '0', '-c', 'copy', '-f', 'framemd5', '-'])
    expect((await frames(['-i', url])).stdout).toBe((await frames(['-i', path])).stdout)
    expect((await frames(['-ss', '15', '-i', url])).stdout).toBe(
      (await frames(['-ss', '15', '-i', path])).stdout,
    )
    // Decodes every picture; any error in one is a line on stderr.
    expect((await run('ffmpeg', ['-v', 'error', '-i', url, '-f', 'null', '-'])).stderr).toBe('')
  },
)
