import type { Log, LogFields } from '../../src/observe/log.ts'

type Event = [message: string, fields?: LogFields | undefined]

/** A log that stores its lines. */
export function recordingLog() {
  const events = { error: [] as Event[], warn: [] as Event[], info: [] as Event[], debug: [] as Event[] }
  const log: Log = {
    error: (...event) => void events.error.push(event),
    warn: (...event) => void events.warn.push(event),
    info: (...event) => void events.info.push(event),
    debug: (...event) => void events.debug.push(event),
  }
  return { log, events, warnings: events.warn }
}
