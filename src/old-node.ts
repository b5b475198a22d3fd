const OLDEST_NODE = 24

/** Ends the process with a sentence where Node is too old to even read the rest of the program. */
export function refuseOldNode(): void {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return
  process.stderr.write(
    `self-streme needs Node ${OLDEST_NODE} and this is ${process.version}. "npm ci" brings one along: use "npm start" or "npm run cli".\n`,
  )
  process.exit(1)
}
