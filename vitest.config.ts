import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { SkipSummary } from './tests/support/skip-summary.ts'

// Workers, servers and engines start by the hundred; with it a server has loaded in a third of the time.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url))

const project = (name: string, timeoutMs: number, maxConcurrency?: number) => ({
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`],
    pool: 'forks' as const,
    // Most tests wait for a swarm or a clock, not for the processor.
    maxWorkers: 4,
    // A worker loads the sources once, not once for each file: a fifth less work in all.
    isolate: false,
    // Ends what hangs, also on a machine that is busy with other things; nothing is measured by it.
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // For what is waited for, not a limit on how long it takes: without it, one second.
    expect: { poll: { timeout: 30_000 } },
    // Of `test.concurrent`.
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  },
})

/** Takes two minutes each on two cores. */
const SLOWEST = /\/long-e2e\/swapped-\w+\.test\.ts$/

/** As usual, but the slowest begin first, so that no core is idle while the last of them runs. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification) => SLOWEST.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

export default defineConfig({
  test: {
    reporters: ['default', new SkipSummary()],
    sequence: { sequencer: SlowestFirst },
    projects: [
      project('unit', 60_000),
      project('architecture', 60_000),
      project('integration', 60_000),
      project('e2e', 90_000),
      // `npm run test:long`: whole servers that take their time, and then fuzzers, kill loops, gigabytes.
      project('long-e2e', 120_000),
      // Two at a time, as a small machine has cores: they measure how long viewers wait.
      project('long', 600_000, 2),
    ],
  },
})
