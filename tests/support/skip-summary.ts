import type { Reporter } from 'vitest/node'
import { SKIPPED } from './installed.ts'

/** Repeats at the end of a run, once each, which tests this machine cannot run. Every worker finds that out again. */
export class SkipSummary implements Reporter {
  readonly #lines = new Set<string>()

  onUserConsoleLog({ content }: { readonly content: string }): void {
    for (const line of content.split('\n')) if (line.startsWith(SKIPPED)) this.#lines.add(line)
  }

  onTestRunEnd(): void {
    for (const line of [...this.#lines].toSorted()) process.stderr.write(`${line}\n`)
  }
}
