import { add } from './add.ts'
import { aheadLs, aheadStop } from './ahead.ts'
import { cacheCleanup, cacheExplain, cacheLs } from './cache.ts'
import type { Command } from './command.ts'
import { importCommand } from './import.ts'
import { pin, unpin } from './pin.ts'
import { rm } from './rm.ts'
import { serve } from './serve.ts'

/** In the order in which --help lists them. */
export const COMMANDS: readonly Command[] = [
  ...[serve, importCommand, add, cacheLs, cacheExplain, cacheCleanup],
  ...[pin, unpin, rm, aheadLs, aheadStop],
]
