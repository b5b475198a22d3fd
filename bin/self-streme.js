#!/usr/bin/env node
/**
 * The entry point, in plain JavaScript: Node 20 cannot load a .ts file at all ("Unknown file extension"), so the
 * sentence that says what is missing has to stand in a file that every Node can read.
 */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `self-streme needs Node ${OLDEST_NODE} or newer, and this is ${process.version}. ` +
      'npm installs the right one beside it and uses that, unless install scripts are switched off.\n',
  )
  process.exit(1)
}

try {
  process.loadEnvFile()
} catch (error) {
  if (error.code !== 'ENOENT') throw error
}
// Server and engine load in about half the time. Not in the system's temporary folder, as Node has it by default:
// what is compiled is run, and others may write there. Where it cannot be written, nothing is lost but the time.
process.env.NODE_COMPILE_CACHE ||= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))
module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
// A checkout runs as it is, also where a package was made in it; the package holds no TypeScript.
const isCheckout = existsSync(new URL('../src/cli.ts', import.meta.url))
await (isCheckout ? import('../src/cli.ts') : import('../dist/src/cli.js'))
