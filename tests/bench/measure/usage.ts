import { anonymousMemoryOfFamily, cpuSecondsOf } from '../../support/processes.ts'

const SAMPLE_MS = 100

/** What a contestant has used since the start of the measurement. */
export interface Usage extends Disposable {
  cpuSeconds(): number
  peakAnonymousMib(): number
}

/** @param pids - its processes; their children count too */
export function watchUsage(pids: readonly number[]): Usage {
  const sumOf = (figure: (pid: number) => number) => pids.reduce((sum, pid) => sum + figure(pid), 0)
  const cpuBefore = sumOf(cpuSecondsOf)
  let peakBytes = 0
  const sample = () => {
    peakBytes = Math.max(peakBytes, sumOf(anonymousMemoryOfFamily))
  }
  sample()
  const timer = setInterval(sample, SAMPLE_MS)
  return {
    cpuSeconds: () => sumOf(cpuSecondsOf) - cpuBefore,
    peakAnonymousMib: () => peakBytes / 1024 / 1024,
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
