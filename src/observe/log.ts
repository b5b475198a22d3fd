import winston from 'winston'
import { printableLine } from '../lib/printable.ts'
import { redactSecrets } from '../lib/redact.ts'
import { LEVELS, type LogFields, type LogLevel } from './log-event.ts'
import { boundRepeats } from './repeats.ts'

export type { LogFields, LogLevel }

/** `error` needs a person, `warn` was survived, `info` is the life of the service, `debug` is for developers. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
}

const SECRET = /password|token|secret|authorization|api_?key/i
/** Events of one kind that are logged per minute; the rest is counted. */
const MAX_PER_MINUTE = { error: 20, warn: 10, info: 10, debug: 100 }
/** Characters of a message or a value; longer ones are cut before they are processed. */
const MAX_LENGTH = 1_000
/** Characters of an object or array, as JSON. */
const MAX_JSON_LENGTH = 4_000
/** Entries of an object or array that are logged. */
const MAX_ENTRIES = 100

/**
 * The log on stdout, one event per line: `level: message key=value`, or a JSON object.
 *
 * Messages contain text from strangers, so lines are made printable (one event cannot look like two) and values are cut
 * before they are processed. Repeated events are counted and summed up once a minute.
 */
export function createLog({ level, format }: LogOptions): Log {
  const write = winston.format.printf(({ level: eventLevel, message, fields }) => {
    const line =
      format === 'json' ? jsonLine(eventLevel, message, fields) : textLine(eventLevel, message, fields)
    return printableLine(redactSecrets(line))
  })
  const logger = winston.createLogger({
    level,
    format: write,
    transports: [new winston.transports.Console({ stderrLevels: [] })],
  })
  // Passed as one object, so that winston does not expand "%s" in a message.
  const say = boundRepeats(
    (eventLevel, message, fields) => void logger.log({ level: eventLevel, message, fields }),
    {
      most: MAX_PER_MINUTE,
    },
  )
  const at = (eventLevel: LogLevel) => {
    // winston would format the line before it checks the level.
    if (LEVELS.indexOf(eventLevel) > LEVELS.indexOf(level)) return () => undefined
    return (message: string, fields: LogFields = {}) => say(eventLevel, message, fields)
  }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

function textLine(level: string, message: unknown, fields: unknown): string {
  const shown = entriesOf(fields).map(([key, value]) => `${key}=${shownValue(key, value)}`)
  return [`${level}: ${shortened(String(message))}`, ...shown].join(' ')
}

function jsonLine(level: string, message: unknown, fields: unknown): string {
  const event = { level, message, timestamp: new Date().toISOString() }
  const all: LogFields = { ...event, ...Object.fromEntries(entriesOf(fields)), ...event }
  // One field at a time, so that a field that cannot be written does not take the others with it.
  const parts = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}:${SECRET.test(key) ? '"***"' : toJson(value)}`)
  return `{${parts.join(',')}}`
}

function shownValue(key: string, value: unknown): string {
  if (SECRET.test(key)) return '***'
  const shown = typeof value === 'string' ? shortened(value) : value
  return typeof shown === 'string' && /^[\w.:/@+-]+$/.test(shown) ? shown : toJson(shown)
}

/** JSON of any value, with secrets removed. Never throws: logging must not break anything. */
function toJson(value: unknown): string {
  try {
    const plain = JSON.stringify(value, (key, each: unknown) => {
      if (SECRET.test(key.slice(0, MAX_LENGTH))) return '***'
      return plainOf(each)
    })
    const text = plain ?? JSON.stringify(shortened(String(value)))
    return text.length <= MAX_JSON_LENGTH ? text : JSON.stringify(`${text.slice(0, MAX_LENGTH)}…`)
  } catch {
    return JSON.stringify(shortened(String(value)))
  }
}

function plainOf(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value)
  if (value instanceof Error) return shortened(value.message)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES)
  return Object.fromEntries(entriesOf(value))
}

function entriesOf(fields: unknown): [string, unknown][] {
  return Object.entries(fields as LogFields)
    .slice(0, MAX_ENTRIES)
    .map(([key, value]) => [key.slice(0, MAX_LENGTH), value])
}

/** The beginning of a long text, cut before a URL that would end inside its user and password part. */
function shortened(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  const cut = text.slice(0, MAX_LENGTH)
  const url = cut.lastIndexOf('://')
  const isInAuthority = url >= 0 && !/[/?#\s]/.test(cut.slice(url + 3))
  return `${(isInAuthority ? cut.slice(0, url) : cut).toWellFormed()}…`
}
