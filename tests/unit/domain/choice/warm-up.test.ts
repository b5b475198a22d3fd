import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../../../../src/', import.meta.url))

/** Prints the processor's microseconds for the warm-up, and for the first torrent after it. */
const SCRIPT = `
  import { chooseFile } from '${SRC}domain/choice/choose-file.ts'
  import { warmUpRules } from '${SRC}domain/choice/warm-up.ts'

  const name = 'Some.Show.S01E02.1080p.WEB-DL.x264-GROUP.mkv'
  const folder = 'Some.Show.S01.1080p.WEB-DL'
  const files = [{ name, path: folder + '/' + name, length: 1, offset: 0, isPadding: false }]
  const choices = [{ kind: 'main' }, { kind: 'movie', title: 'Some Show' }, { kind: 'episode', season: 1, episode: 2 }]

  function cpuTimeOf(work) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  const times = [cpuTimeOf(warmUpRules)]
  times.push(cpuTimeOf(() => choices.forEach((choice) => chooseFile({ name: folder, files }, choice))))
  process.stdout.write(JSON.stringify(times))
`

// In a process of its own: in this one other tests have used the rules.
test('the first torrent after the start is read without compiling rules', async () => {
  const args = ['--input-type=module', '--eval', SCRIPT]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const [warmUp = 0, first = 0] = JSON.parse(stdout) as number[]
  // Measured: 60 ms, and 5 for all three.
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThan(warmUp / 2)
})
