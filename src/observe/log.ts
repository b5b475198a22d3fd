import winston from 'winston'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type LogFields = Readonly<Record<string, unknown>>

/** `error` wants a person, `warn` was survived, `info` is the life of the service, `debug` is for us. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
}

const SECRET = /password|token|secret|authorization|api_?key/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/**
 * The log on stdout, one event a line: `level: message key=value`, or a JSON object.
 *
 * Names that strangers chose stand in it, so control characters are escaped: no event can look like two.
 */
export function createLog(options: LogOptions): Log {
  const { combine, printf, timestamp, json } = winston.format
  const hideSecrets = winston.format((event) => {
    for (const key of Object.keys(event)) if (SECRET.test(key)) event[key] = '***'
    return event
  })
  const text = printf(({ level, message, ...fields }) =>
    [`${level}: ${message}`, ...Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`)]
      .join(' ')
      .replace(CONTROL, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
  return winston.createLogger({
    level: options.level,
    format:
      options.format === 'json' ? combine(hideSecrets(), timestamp(), json()) : combine(hideSecrets(), text),
    transports: [new winston.transports.Console({ stderrLevels: [] })],
  })
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? String(value)
}
