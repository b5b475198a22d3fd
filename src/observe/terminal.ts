import { printableLine, printableText } from '../lib/printable.ts'

/**
 * Everything that is printed except the log. It contains names of torrents and paths, which strangers chose, so control
 * characters are escaped: a terminal would obey them.
 */
export const terminal = {
  out(text: string): void {
    process.stdout.write(printableText(text))
  },
  error(text: string): void {
    process.stderr.write(printableText(text))
  },
  /** Replaces the status line. */
  showStatus(line: string): void {
    process.stderr.write(`\r${printableLine(line)}${CLEAR_TO_END}`)
  },
  clearStatus(): void {
    process.stderr.write(`\r${CLEAR_TO_END}`)
  },
}

/** ECMA-48 "EL" */
const CLEAR_TO_END = '\x1b[K'
