import { CALL } from '../domain/packaged.ts'
import type { Command } from './command.ts'

/** The list of commands. */
export function overview(commands: readonly Command[]): string {
  const lines = commands.map(({ name, about }) => [name, about] as const)
  return [
    `${CALL} <command>`,
    '',
    ...inColumns(lines),
    '',
    `${CALL} <command> --help shows more. Settings are read from the environment and .env, as by the server.`,
    '',
  ].join('\n')
}

/** The help of one command. */
export function helpOf({ about, usage, details, options }: Command): string {
  const lines = Object.entries(options).map(
    ([name, { short, value, about }]) =>
      [`${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`, about] as const,
  )
  return [
    about,
    '',
    `${CALL} ${usage}`,
    ...(lines.length > 0 ? ['', ...inColumns(lines)] : []),
    ...(details ? ['', details] : []),
    '',
  ].join('\n')
}

function inColumns(lines: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...lines.map(([left]) => left.length))
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
