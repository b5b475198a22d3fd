/**
 * Loaded into a process with `--import`: at every SIGUSR2 it prints the 99th percentile of the delay of its timers
 * since the last one, in milliseconds.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
histogram.enable()
process.on('SIGUSR2', () => {
  // The interval between two timers is recorded, so a timer without delay counts as the resolution.
  const lateMs = Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS)
  process.stdout.write(`event loop delay p99, ms: ${lateMs.toFixed(2)}\n`)
  histogram.reset()
})
