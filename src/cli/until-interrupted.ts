import { SelfStremeError } from '../domain/errors.ts'

/** Aborts on the first Ctrl+C, so that the work can clean up; the second one ends the process. */
export function untilInterrupted(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => asked.abort(new SelfStremeError('app.closing', 'interrupted')))
  return asked.signal
}
