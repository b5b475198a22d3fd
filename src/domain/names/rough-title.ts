import type { NameNumbers } from './name-numbers.ts'
import { HIDDEN } from './technical-words.ts'

const BEHIND_TITLE = new RegExp(`[${HIDDEN}[(【]`)

/**
 * The text before the first number, bracket or technical word: good enough to compare titles, and fast.
 *
 * @returns with blanks for dots, without a fansub's group; may be empty
 */
export function roughTitle({ rest, start }: Pick<NameNumbers, 'rest' | 'start'>): string {
  const group = /^(?:\[[^\]]*\]|【[^】]*】)[ ]?/.exec(rest)?.[0].length ?? 0
  const title = rest.slice(group, Math.max(group, start ?? rest.length))
  const end = title.search(BEHIND_TITLE)
  return (end < 0 ? title : title.slice(0, end))
    .replace(/[._]+/g, ' ')
    .replace(/^[-–—:,. ]+|(?<![-–—:,. ])[-–—:,. ]+$/g, '')
}
