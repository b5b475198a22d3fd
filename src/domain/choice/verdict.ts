/** How certain it is that a video is the wanted one, and why. */
export interface Verdict {
  /** from 0, it is not, to 100, its own name says so */
  readonly score: number
  /** for a person to read */
  readonly reasons: readonly string[]
}

export function yes(score: number, ...reasons: string[]): Verdict {
  return { score, reasons }
}

export function no(reason: string): Verdict {
  return { score: 0, reasons: [reason] }
}

/** A verdict with a lower score. */
export function less({ score, reasons }: Verdict, by: number, reason: string): Verdict {
  return { score: score - by, reasons: [...reasons, reason] }
}
