/** Names with their unit, with their numbers. */
export type Figures = Readonly<Record<string, number>>

/** One thing that is measured with each contestant in turn. */
export interface Case {
  readonly name: string
  readonly contestants: readonly string[]
  /** @throws when a byte is wrong, or the contestant gives up */
  measure(contestant: string): Promise<Figures>
}

/** Cases, and the files on disk for them while they are measured. */
export interface Stage extends AsyncDisposable {
  readonly cases: readonly Case[]
}

export interface Scenario {
  readonly about: string
  /** whether the table has the 90th percentile of the rounds after the median */
  readonly spread?: boolean
  prepare(): Promise<Stage>
}
