/** What a person does at a terminal: `npm run cli -- --help`. */
import { COMMANDS } from './cli/commands.ts'
import { runCli } from './cli/run-cli.ts'

// Whoever reads what is printed, such as `head`, may have enough of it before its end.
process.stdout.on('error', () => process.exit())
const code = await runCli(COMMANDS, process.argv.slice(2))
// What went into a pipe is lost with the process as long as nobody has read it.
process.stdout.write('', () => process.exit(code))
