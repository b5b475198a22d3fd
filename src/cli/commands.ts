import type { Command } from './command.ts'
import { serve } from './serve.ts'

/** In the order in which --help lists them. */
export const COMMANDS: readonly Command[] = [serve]
