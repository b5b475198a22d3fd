import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'

/** What a process holds after a garbage collection. */
export interface Holdings {
  /** bytes of the process's own objects and buffers */
  readonly memory: number
  /** active timers, sockets, pipes and the like, by kind */
  readonly resources: Readonly<Record<string, number>>
}

/** Settings that make the server and its engine report what they hold. */
export async function inspectable(folder: string): Promise<Record<string, string>> {
  const path = join(folder, 'inspect.mjs')
  await writeFile(
    path,
    `import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => {
  // What the first round finds out to be unreachable, the second gives back.
  for (let n = 0; n < 2; n++) collect()
  const { heapUsed, external } = process.memoryUsage()
  const resources = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  const path = ${JSON.stringify(folder)} + '/' + process.pid
  writeFileSync(path + '.new', JSON.stringify({ memory: heapUsed + external, resources }))
  renameSync(path + '.new', path + '.json')
})
`,
  )
  return { NODE_OPTIONS: `--import=${pathToFileURL(path)}` }
}

/** @param folder - the folder given to {@link inspectable} */
export async function holdingsOf(pid: number, folder: string): Promise<Holdings> {
  const path = join(folder, `${pid}.json`)
  await rm(path, { force: true })
  process.kill(pid, 'SIGUSR2')
  let told: string | undefined
  await expect.poll(async () => (told = await readFile(path, 'utf8').catch(() => undefined))).toBeDefined()
  return JSON.parse(told ?? '') as Holdings
}
