import { printableLine } from '../lib/printable.ts'
import { terminal } from '../observe/terminal.ts'

/** Prints lines for people, or JSON for programs. @returns exit code */
export function print(isJson: boolean | undefined, answer: unknown, lines: readonly string[]): 0 {
  const text = isJson ? JSON.stringify(answer, undefined, 2) : lines.map(printableLine).join('\n')
  terminal.out(`${text}\n`)
  return 0
}

/** Option of all commands that print a result. */
export const JSON_OPTION = { type: 'boolean', about: 'print JSON' } as const

/**
 * Formats rows as a table.
 *
 * @param cells - rows; the first one is the heading
 * @param numbers - headings of right-aligned columns
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
