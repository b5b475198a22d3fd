import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'

/**
 * Settings that make the server measure how long its event loop is blocked: the most processor time that its main
 * thread takes between two timers. Time in which other processes run does not count.
 */
export async function measuringTurns(folder: string): Promise<Record<string, string>> {
  const path = join(folder, 'turns.mjs')
  await writeFile(
    path,
    `import { renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
if (isMainThread && !process.send) {
  let longest = 0
  let before = process.threadCpuUsage()
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
  }, 1).unref()
  process.on('SIGUSR2', () => {
    const path = ${JSON.stringify(folder)} + '/' + process.pid
    writeFileSync(path + '.new', String(longest))
    longest = 0
    renameSync(path + '.new', path + '.ms')
  })
}
`,
  )
  return { NODE_OPTIONS: `--import=${pathToFileURL(path)}` }
}

/** The longest block since the last call, in ms. @param folder - the folder given to {@link measuringTurns} */
export async function longestTurn(pid: number, folder: string): Promise<number> {
  const path = join(folder, `${pid}.ms`)
  await rm(path, { force: true })
  process.kill(pid, 'SIGUSR2')
  let told: string | undefined
  await expect.poll(async () => (told = await readFile(path, 'utf8').catch(() => undefined))).toBeDefined()
  return Number(told)
}
