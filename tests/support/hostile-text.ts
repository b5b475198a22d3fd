import { lengthsUpTo, processorMs, pumped, pumpedTexts } from './pumped-text.ts'
import type { SourceFile } from './source-code.ts'

/** The longest time that one text may keep the process busy. */
const MOST_MS = 20

const OWNER = 'it only meets what the owner has set or typed'

/** Files whose regular expressions never see text from strangers, and why. */
export const UNTESTED_EXPRESSIONS: Readonly<Record<string, string>> = {
  'config/address-types': OWNER,
  'config/setting-types': OWNER,
  'config/settings': OWNER,
  'config/server-list': OWNER,
}

/** Files whose regular expressions only see short text. */
const SHORTER: Readonly<Record<string, number>> = {
  // Headers are cut, and only a limited part of them is matched.
  'domain/list/device': 500,
  // It matches the rest of a name after readNumbers, which is at most as long as a file system allows.
  'domain/choice/film': 255,
  'domain/names/path-numbers': 255,
  // The name of a release is cut before it is split into parts.
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
      // Refusing the text is fine too.
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
