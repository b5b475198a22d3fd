import type { Reporter } from 'vitest/node'
import { SKIPPED } from './installed.ts'

/** Repeats at the end of a run, once each, which tests were skipped. Every worker reports them again. */
export class SkipSummary implements Reporter {
  readonly #lines = new Set<string>()

  onUserConsoleLog({ content }: { readonly content: string }): void {
    for (const line of content.split('\n')) if (line.startsWith(SKIPPED)) this.#lines.add(line)
  }

  onTestRunEnd(): void {
    for (const line of [...this.#lines].toSorted()) process.stderr.write(`${line}\n`)
  }
}
