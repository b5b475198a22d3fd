/** What a person does at a terminal: `npm run cli -- --help`. */
import { refuseOldNode } from './old-node.ts'

refuseOldNode()
// Loaded only now: an older Node cannot even read what comes next.
const { runCli } = await import('./cli/run-cli.ts')
const { COMMANDS } = await import('./cli/commands.ts')
process.exit(await runCli(COMMANDS, process.argv.slice(2)))
