import { printableLine } from '../lib/printable.ts'
import { terminal } from '../observe/terminal.ts'

/** Writes lines for a person, or the same as JSON for a program. @returns exit code */
export function print(isJson: boolean | undefined, answer: unknown, lines: readonly string[]): 0 {
  const text = isJson ? JSON.stringify(answer, undefined, 2) : lines.map(printableLine).join('\n')
  terminal.out(`${text}\n`)
  return 0
}

/** Option of all commands that answer something. */
export const JSON_OPTION = { type: 'boolean', about: 'print JSON' } as const

/**
 * Rows below each other, as wide as they need to be.
 *
 * @param cells - of each row; the first one is the heading
 * @param numbers - columns that end below each other
 */
export function table(cells: readonly (readonly string[])[], numbers: readonly string[] = []): string[] {
  const rows = cells.map((row) => row.map(printableLine))
  const [heading = []] = rows
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  return rows.map((row) =>
    heading
      .map((name, column) => {
        const cell = row[column] ?? ''
        const width = widths[column] ?? 0
        return numbers.includes(name) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
