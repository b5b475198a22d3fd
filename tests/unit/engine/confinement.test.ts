import { expect, test } from 'vitest'
import { environmentOf } from '../../../src/engine/confinement.ts'
import type { EngineOptions } from '../../../src/engine/engine.ts'

const OPTIONS = { nat: false } as EngineOptions

test.for([
  ['/var/cache/compiled', '/var/cache/compiled/engine'],
  [undefined, undefined],
  // Node takes this for none; a folder `engine` would be made wherever the server was started.
  ['', undefined],
])('what is compiled for a main with the cache %j is kept in %j', ([ofMain, ofEngine]) => {
  expect(environmentOf(OPTIONS, { NODE_COMPILE_CACHE: ofMain }).NODE_COMPILE_CACHE).toBe(ofEngine)
})
