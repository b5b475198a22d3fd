/** How sure it is that a video is the one, and why. */
export interface Verdict {
  /** from 0, it is not, to 100, its own name says so */
  readonly score: number
  /** in words, for a person */
  readonly reasons: readonly string[]
}

export function yes(score: number, ...reasons: string[]): Verdict {
  return { score, reasons }
}

export function no(reason: string): Verdict {
  return { score: 0, reasons: [reason] }
}

/** The same, but less sure. */
export function less({ score, reasons }: Verdict, by: number, reason: string): Verdict {
  return { score: score - by, reasons: [...reasons, reason] }
}
