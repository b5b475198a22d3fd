import type { Scenario } from '../scenario.ts'
import { seekScenario } from './seek.ts'

/**
 * libtorrent's upload limit sends in bursts of half a second: after a seek one waits for the next burst, or meets it
 * and gets a complete piece at once, by luck. Here the same rate is sent evenly.
 */
export const seekSteady: Scenario = seekScenario({
  about: 'seeders that give 8 MB/s together, evenly (in portions of 20 ms): from a jump to the first 64 KiB',
  contestants: ['self-streme', 'peerflix', 'webtorrent'],
  limitTickMs: 20,
})
