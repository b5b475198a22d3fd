/** from few to many events */
export const LEVELS = ['error', 'warn', 'info', 'debug'] as const

export type LogLevel = (typeof LEVELS)[number]
export type LogFields = Readonly<Record<string, unknown>>
