import { lengthsUpTo, processorMs, pumped, pumpedTexts } from './pumped-text.ts'
import type { SourceFile } from './source-code.ts'

/** The longest that one text may keep the process busy. */
const MOST_MS = 20

const OWNER = 'it only meets what the owner has set or typed'

/** Files whose regular expressions meet no text of strangers, and why. */
export const UNTESTED_EXPRESSIONS: Readonly<Record<string, string>> = {
  'config/address-types': OWNER,
  'config/setting-types': OWNER,
  'config/settings': OWNER,
  'config/server-list': OWNER,
}

/** Files whose regular expressions meet no longer texts. */
const SHORTER: Readonly<Record<string, number>> = {
  // Headers are cut, and so is what is looked at of them.
  'domain/list/device': 500,
  // It reads what readNumbers has left of a name, and that is no longer than a file system keeps.
  'domain/choice/film': 255,
  'domain/names/path-numbers': 255,
  // The name of a release is cut before its parts are told apart.
  'domain/names/release-titles': 500,
}

/** @returns the first text that keeps one of a file's regular expressions busy for too long */
export function slowestExpression(
  file: Pick<SourceFile, 'name' | 'regularExpressions'>,
  longest: number,
): string | undefined {
  for (const expression of file.regularExpressions) {
    const words = [...expression.source.matchAll(/[a-z\d ]{2,}/gi)].map(([word]) => word)
    const run = (text: string) => {
      expression.lastIndex = 0
      if (expression.global) text.replace(expression, '')
      else expression.exec(text)
    }
    for (const length of lengthsUpTo(Math.min(longest, SHORTER[file.name] ?? longest))) {
      const own = words.slice(0, 6).flatMap((word) => pumped(word, length))
      for (const text of [...pumpedTexts(length), ...own]) {
        const ms = processorMs(() => run(text), MOST_MS)
        if (ms > MOST_MS) return `${expression}: ${said(ms, text)}`
      }
    }
  }
  return undefined
}

/** @returns the first text that keeps a parser busy for too long */
export async function slowestParser(
  parser: (text: string) => unknown,
  longest: number,
): Promise<string | undefined> {
  const failed: Promise<unknown>[] = []
  const run = (text: string) => {
    try {
      const result = parser(text)
      if (result instanceof Promise) failed.push(result.catch(() => undefined))
    } catch {
      // That it is refused is as good.
    }
  }
  for (const length of lengthsUpTo(longest)) {
    for (const text of pumpedTexts(length)) {
      const ms = processorMs(() => run(text), MOST_MS)
      await Promise.all(failed.splice(0))
      if (ms > MOST_MS) return said(ms, text)
    }
  }
  return undefined
}

function said(ms: number, text: string): string {
  return `${Math.round(ms)} ms for ${text.length} letters like ${JSON.stringify(text.slice(0, 40))}`
}
