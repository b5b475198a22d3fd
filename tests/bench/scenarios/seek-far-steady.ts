import type { Scenario } from '../scenario.ts'
import { seekScenario } from './seek.ts'

export const seekFarSteady: Scenario = seekScenario({
  about: 'seeders 25 ms away that give 8 MB/s together, evenly: from a jump to the first 64 KiB',
  contestants: ['self-streme', 'webtorrent'],
  oneWayMs: 25,
  limitTickMs: 20,
})
