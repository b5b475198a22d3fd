import { resolve } from 'node:path'
import { z } from 'zod'

const MIB = 1024 * 1024

export function pattern(expected: RegExp, words: string) {
  return z.string().regex(expected, { error: (issue) => `"${issue.input}" is not ${words}` })
}

export function wholeNumber(words: string, min = 0, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform(Number)
}

export function milliseconds(min = 0) {
  return wholeNumber('a number of milliseconds (try 120000)', min)
}

export function flag() {
  return pattern(/^(true|false|1|0)$/, 'true or false').transform((text) => text === 'true' || text === '1')
}

export function choice<const T extends string>(...options: readonly T[]) {
  return z.enum(options, { error: (issue) => `"${issue.input}" is not one of ${options.join(', ')}` })
}

/** One or more of the options, comma-separated; `off` is none. */
export function several<const T extends string>(...options: readonly T[]) {
  const item = z.enum(options, {
    error: (issue) => `"${issue.input}" is not off, or one or more of ${options.join(', ')}`,
  })
  return z
    .string()
    .transform((text) => (text.trim() === 'off' ? [] : split(text)))
    .pipe(z.array(item))
}

export function path() {
  return pattern(/\S/, 'a path').transform((text) => resolve(text))
}

/** Bytes, written as `5000000` or `5MB` or `5MiB`. */
export function size(min: number) {
  const units: Readonly<Record<string, number>> = {
    K: 1e3,
    M: 1e6,
    G: 1e9,
    T: 1e12,
    KI: 1024,
    MI: MIB,
    GI: 1024 * MIB,
  }
  const words = `a size${min > 0 ? ' above 0' : ''} (try 50GB)`
  const bytesOf = (text: string) =>
    Math.floor(Number.parseFloat(text) * (units[/[KMGT]I?(?=B?$)/.exec(text.toUpperCase())?.[0] ?? ''] ?? 1))
  return pattern(/^\d+(\.\d+)?\s*([KMGT]|[KMG]i)?B?$/i, words)
    .refine((text) => bytesOf(text) >= min && Number.isSafeInteger(bytesOf(text)), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform(bytesOf)
}

/** At least 12 characters, so that it cannot be found by trying in the years that the server runs. Errors never repeat it. */
export function password() {
  const least = 12
  return z.string().refine((text) => text.trim() !== '' && [...text].length >= least, {
    error: (issue) =>
      issue.input === ''
        ? '"" is not a password; leave the setting out to have none'
        : `is too short: expected a password of at least ${least} characters`,
  })
}

/** Comma-separated; an empty text is an empty list. */
export function list<T extends z.ZodType<string, string>>(item: T) {
  return z.string().transform(split).pipe(z.array(item))
}

/** An optional setting; an empty text means "none". */
export function orNone<T extends z.ZodType<unknown, string>>(setting: T) {
  return z
    .union([z.literal('').transform(() => undefined), setting], {
      error: (issue) => messageOfBranch(issue),
    })
    .optional()
}

export function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** The message of the setting's own check; a union only reports that no branch matched. */
function messageOfBranch(issue: {
  readonly errors?: readonly (readonly { readonly message: string }[])[]
}): string {
  return issue.errors?.at(-1)?.[0]?.message ?? 'is not valid'
}
