#!/usr/bin/env node
/**
 * The entry point, in plain JavaScript: Node 20 cannot load a .ts file at all ("Unknown file extension"), so the
 * sentence that says what is missing has to stand in a file that every Node can read.
 */
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
await import('../src/cli.ts')
