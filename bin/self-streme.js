#!/usr/bin/env node
/**
 * The entry point, in plain JavaScript: Node 20 cannot load a .ts file at all ("Unknown file extension"), so the
 * sentence that says what is missing has to stand in a file that every Node can read.
 */
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 24

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `self-streme needs Node ${OLDEST_NODE} or newer, and this is ${process.version}. ` +
      '"npm ci" installs the right one beside it, and "npm start" and "npm run cli" use that.\n',
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
await import('../src/cli.ts')
