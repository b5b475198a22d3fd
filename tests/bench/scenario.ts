/** Names with their unit, to numbers. */
export type Figures = Readonly<Record<string, number>>

/** One thing that is measured with each contestant in turn. */
export interface Case {
  readonly name: string
  readonly contestants: readonly string[]
  /** @throws when a byte is wrong, or the contestant gives up */
  measure(contestant: string): Promise<Figures>
}

/** Cases, and what lies on disk for them as long as they are being measured. */
export interface Stage extends AsyncDisposable {
  readonly cases: readonly Case[]
}

export interface Scenario {
  readonly about: string
  /** whether the table says the 90th percentile of the rounds behind the median */
  readonly spread?: boolean
  prepare(): Promise<Stage>
}
