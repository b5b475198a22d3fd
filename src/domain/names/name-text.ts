import { HIDDEN, hideTechnical } from './technical-words.ts'

/** A name from which each reading is taken out, so that no number is read twice. */
export class NameText {
  /** the name with blanks for what was taken */
  unread: string
  /** `unread` with technical words hidden */
  rest: string
  /** position of the first text that was taken */
  start: number | undefined

  constructor(name: string) {
    this.unread = name
    this.rest = hideTechnical(name)
  }

  /** The match of the first rule that finds something. */
  take(rules: readonly RegExp[]): { groups: Record<string, string | undefined>; end: number } | undefined {
    for (const rule of rules) {
      const found = rule.exec(this.rest)
      if (!found) continue
      const end = this.hide(found.index, found[0].length)
      return { groups: found.groups ?? {}, end }
    }
    return undefined
  }

  hide(index: number, length: number): number {
    const end = index + length
    this.rest = this.rest.slice(0, index) + HIDDEN.repeat(length) + this.rest.slice(end)
    this.unread = this.unread.slice(0, index) + ' '.repeat(length) + this.unread.slice(end)
    this.start = Math.min(this.start ?? index, index)
    return end
  }
}
