import winston from 'winston'
import { redactSecrets } from '../domain/redact.ts'

/** from the few to the many */
const LEVELS = ['error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LEVELS)[number]
export type LogFields = Readonly<Record<string, unknown>>

/** `error` wants a person, `warn` was survived, `info` is the life of the service, `debug` is for us. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
}

const SECRET = /password|token|secret|authorization|api_?key/i
const CONTROL = /\p{Cc}/gu

/**
 * The log on stdout, one event a line: `level: message key=value`, or a JSON object.
 *
 * Names that strangers chose stand in it, so control characters are escaped: no event can look like two.
 */
export function createLog({ level, format }: LogOptions): Log {
  const write = winston.format.printf(({ level: eventLevel, message, fields }) => {
    const line =
      format === 'json' ? jsonLine(eventLevel, message, fields) : textLine(eventLevel, message, fields)
    return redactSecrets(line).replace(CONTROL, escaped)
  })
  const logger = winston.createLogger({
    level,
    format: write,
    transports: [new winston.transports.Console({ stderrLevels: [] })],
  })
  // One object, so that a "%s" in a message stays what it is.
  const at = (eventLevel: LogLevel) => {
    // winston would write the line first, and then look whether anybody wants it.
    if (LEVELS.indexOf(eventLevel) > LEVELS.indexOf(level)) return () => undefined
    return (message: string, fields: LogFields = {}) =>
      void logger.log({ level: eventLevel, message, fields })
  }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

function textLine(level: string, message: unknown, fields: unknown): string {
  const shown = Object.entries(fields as LogFields).map(([key, value]) => `${key}=${shownValue(key, value)}`)
  return [`${level}: ${message}`, ...shown].join(' ')
}

function jsonLine(level: string, message: unknown, fields: unknown): string {
  const event = { level, message, timestamp: new Date().toISOString() }
  const all: LogFields = { ...event, ...(fields as LogFields), ...event }
  // Field by field, so that one that cannot be written does not take the others with it.
  const parts = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${JSON.stringify(key)}:${SECRET.test(key) ? '"***"' : toJson(value)}`)
  return `{${parts.join(',')}}`
}

function shownValue(key: string, value: unknown): string {
  if (SECRET.test(key)) return '***'
  if (value instanceof Error) return toJson(value.message)
  return typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : toJson(value)
}

/** JSON of anything, without secrets, and without ever throwing: a log line must not be what breaks. */
function toJson(value: unknown): string {
  try {
    const plain = JSON.stringify(value, (key, each: unknown) => {
      if (SECRET.test(key)) return '***'
      if (each instanceof Error) return each.message
      return typeof each === 'bigint' ? String(each) : each
    })
    return plain ?? JSON.stringify(String(value))
  } catch {
    return JSON.stringify(String(value))
  }
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}
