/** Starts the server, and stops it in order when it is asked to. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp } from './app.ts'
import { ConfigError, readConfig } from './config/config.ts'
import { SelfStremeError } from './domain/errors.ts'
import { createLog } from './observe/log.ts'
import { terminal } from './observe/terminal.ts'

/** Service managers kill what takes longer. */
const STOP_WITHIN_MS = 4_800

const asked = Promise.withResolvers<void>()
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => asked.resolve())

try {
  const config = readConfig(process.env)
  const app = await createApp(config)
  await asked.promise
  const limit = setTimeout(() => stopWith('stopping took too long'), STOP_WITHIN_MS)
  await app[Symbol.asyncDispose]()
  clearTimeout(limit)
  // By then the handles of what was closed are gone. Others would keep the process alive, but for the exit.
  await sleep(0)
  createLog(config.log).debug('stopped', { stillOpen: process.getActiveResourcesInfo() })
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
  terminal.error(`${message}\n`)
  process.exit(1)
}
