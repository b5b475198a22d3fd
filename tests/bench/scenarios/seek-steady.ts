import type { Scenario } from '../scenario.ts'
import { seekScenario } from './seek.ts'

/**
 * libtorrent's upload limit sends in bursts of half a second: after a jump one waits for the next burst, or meets it and
 * has a whole piece at once, whatever one does. Here the same speed comes evenly.
 */
export const seekSteady: Scenario = seekScenario({
  about: 'seeders that give 8 MB/s together, evenly (in portions of 20 ms): from a jump to the first 64 KiB',
  contestants: ['self-streme', 'peerflix', 'webtorrent'],
  limitTickMs: 20,
})
