import { expect, test } from 'vitest'
import { environmentOf } from '../../../src/engine/confinement.ts'
import type { EngineOptions } from '../../../src/engine/engine.ts'

const OPTIONS = { nat: false } as EngineOptions

test.for([
  ['/var/cache/compiled', '/var/cache/compiled/engine'],
  [undefined, undefined],
  // Node takes this as unset; a folder `engine` would be made in the working directory of the server.
  ['', undefined],
])('with the compile cache %j of main, the engine compiles into %j', ([ofMain, ofEngine]) => {
  expect(environmentOf(OPTIONS, { NODE_COMPILE_CACHE: ofMain }).NODE_COMPILE_CACHE).toBe(ofEngine)
})
