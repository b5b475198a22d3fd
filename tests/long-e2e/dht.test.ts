import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { DhtScenario } from '../support/dht-scenario.ts'
import { DHT_NODES, DHT_ROUTER, hasOwnNetwork, runInOwnNetwork } from '../support/own-network.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCENARIO = fileURLToPath(new URL('../support/dht-scenario.ts', import.meta.url))
const LONGEST_MS = 180_000

test.skipIf(!hasSeeder || !hasOwnNetwork)(
  'films that only the DHT knows are played, after a restart without any bootstrap host',
  { timeout: LONGEST_MS },
  async () => {
    await using folder = await temporaryFolder()
    const films = ['First', 'Second', 'Third'].map((name) => ({
      path: join(folder.path, `${name}.mkv`),
      bytes: patternBytes(3_000_000, name),
    }))
    for (const { path, bytes } of films) await writeFile(path, bytes)
    const command = [process.execPath, SCENARIO, folder.path, ...films.map(({ path }) => path)]
    const printed = await runInOwnNetwork(command, LONGEST_MS)
    const { first, kept, second, third } = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as DhtScenario

    const [one, two] = films.map(({ bytes }) => createHash('sha1').update(bytes).digest('hex'))
    expect(first).toBe(one)
    const hosts = kept
      .trim()
      .split('\n')
      .map((line) => /^[\da-f]{40} ([\d.]+):6881 \d{13}$/.exec(line)?.[1] ?? line)
    expect(hosts.length).toBeGreaterThan(8)
    expect(hosts.filter((host) => host !== DHT_ROUTER && !DHT_NODES.includes(host))).toEqual([])
    expect(second).toBe(two)
    // Without the file, the peers would not have been found.
    expect(third).toBe('404')
  },
)
