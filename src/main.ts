/** Starts the server, and stops it in order when it is asked to. */
import { refuseOldNode } from './old-node.ts'

/** Service managers kill what takes longer. */
const STOP_WITHIN_MS = 4_800

refuseOldNode()
// Loaded only now: an older Node cannot even read what comes next.
const { ConfigError, readConfig } = await import('./config/config.ts')
const { SelfStremeError } = await import('./domain/errors.ts')
const { createApp } = await import('./app.ts')

const asked = Promise.withResolvers<void>()
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => asked.resolve())

try {
  const app = await createApp(readConfig(process.env))
  await asked.promise
  setTimeout(() => stopWith('stopping took too long'), STOP_WITHIN_MS)
  await app[Symbol.asyncDispose]()
  process.exit(0)
} catch (error) {
  const isForThePerson =
    error instanceof ConfigError || error instanceof SelfStremeError || isListenError(error)
  const hint = isListenError(error) ? ' (see HOST and PORT)' : ''
  stopWith(isForThePerson ? (error as Error).message + hint : String((error as Error).stack ?? error))
}

function isListenError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall === 'listen'
}

function stopWith(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
