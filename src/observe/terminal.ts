import { printableLine, printableText } from '../lib/printable.ts'

/**
 * All that is printed but for the log. Names of torrents and paths stand in it, which strangers chose, and a terminal
 * obeys some letters: it would clear the screen, change its title, or type into the shell.
 */
export const terminal = {
  out(text: string): void {
    process.stdout.write(printableText(text))
  },
  error(text: string): void {
    process.stderr.write(printableText(text))
  },
  /** Shows a line in place of the one that was shown so before. */
  showStatus(line: string): void {
    process.stderr.write(`\r${printableLine(line)}${CLEAR_TO_END}`)
  },
  clearStatus(): void {
    process.stderr.write(`\r${CLEAR_TO_END}`)
  },
}

/** ECMA-48 "EL" */
const CLEAR_TO_END = '\x1b[K'
