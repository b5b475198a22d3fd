import type { Scenario } from './scenario.ts'
import { finished } from './scenarios/finished.ts'
import { library } from './scenarios/library.ts'
import { list } from './scenarios/list.ts'
import { lookup } from './scenarios/lookup.ts'
import { seek } from './scenarios/seek.ts'
import { seekFar } from './scenarios/seek-far.ts'
import { seekFarSteady } from './scenarios/seek-far-steady.ts'
import { seekSteady } from './scenarios/seek-steady.ts'
import { serverStart } from './scenarios/server-start.ts'
import { startAndWhole } from './scenarios/start-and-whole.ts'
import { startAndWholeFar } from './scenarios/start-and-whole-far.ts'
import { viewers } from './scenarios/viewers.ts'
import { wild } from './scenarios/wild.ts'

/** All scenarios, by the names that `npm run bench --` takes. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'start-and-whole': startAndWhole,
  'start-and-whole-far': startAndWholeFar,
  'server-start': serverStart,
  seek,
  'seek-steady': seekSteady,
  'seek-far': seekFar,
  'seek-far-steady': seekFarSteady,
  finished,
  viewers,
  wild,
  lookup,
  list,
  library,
}
