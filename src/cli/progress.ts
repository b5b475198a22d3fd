import type { ImportProgress } from '../import/context.ts'
import { sizeInWords } from '../lib/in-words.ts'
import { terminal } from '../observe/terminal.ts'

const WIDTH = 30
const BAR_EVERY_MS = 100
const LINE_EVERY_MS = 10_000
/** Work that is done sooner needs no bar. */
const MIN_INTERVAL_MS = 500

interface Progress {
  onProgress(progress: ImportProgress): void
  /** Clears the line. */
  end(): void
}

/**
 * Shows progress on standard error: as a bar on a terminal, else as an occasional line. Standard output stays clean for
 * programs.
 */
export function showProgress(isForPrograms: boolean): Progress {
  const hasBar = process.stderr.isTTY && !isForPrograms
  let shownAt = performance.now() + (hasBar ? MIN_INTERVAL_MS - BAR_EVERY_MS : 0)
  let isShown = false

  return {
    onProgress(progress) {
      const now = performance.now()
      if (now - shownAt < (hasBar ? BAR_EVERY_MS : LINE_EVERY_MS)) return
      shownAt = now
      isShown = hasBar
      if (hasBar) terminal.showStatus(barOf(progress))
      else terminal.error(`${lineOf(progress)}\n`)
    },
    end() {
      if (isShown) terminal.clearStatus()
    },
  }
}

function barOf(progress: ImportProgress): string {
  const done = Math.floor(WIDTH * partOf(progress))
  return `[${'#'.repeat(done)}${'.'.repeat(WIDTH - done)}] ${lineOf(progress)}`
}

function lineOf(progress: ImportProgress): string {
  const { step, doneBytes, totalBytes } = progress
  const percent = Math.floor(100 * partOf(progress))
  return `${step} ${percent} % (${sizeInWords(doneBytes)} of ${sizeInWords(totalBytes)})`
}

function partOf({ doneBytes, totalBytes }: ImportProgress): number {
  return totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
}
