import { SelfStremeError } from '../domain/errors.ts'

/** Aborts when the person wants it to end (Ctrl+C), so that what was begun can be cleared away; the second time ends it. */
export function untilInterrupted(): AbortSignal {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => asked.abort(new SelfStremeError('app.closing', 'interrupted')))
  return asked.signal
}
