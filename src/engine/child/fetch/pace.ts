/** How many measurements count: enough to see through the bursts in which limited peers send. */
const SPAN = 10

/**
 * How fast a peer gives what it is asked for, over the last second or so in which it had something to give; over a
 * longer time where nothing came in that second, so that silence makes it slower and not unknown.
 */
export class Pace {
  readonly #samples: { readonly bytes: number; readonly seconds: number }[] = []
  #bytes = 0
  #bytesPerSecond = 0

  /** 0 = not known yet */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Called at regular intervals.
   *
   * @param wasBusy - it could have given more all the time; else the interval says nothing
   */
  measure(seconds: number, wasBusy: boolean): void {
    if (wasBusy || this.#bytes > this.#bytesPerSecond * seconds) {
      this.#samples.push({ bytes: this.#bytes, seconds })
      const sum = (of: 'bytes' | 'seconds') => this.#samples.reduce((total, sample) => total + sample[of], 0)
      while (this.#samples.length > SPAN && sum('bytes') > (this.#samples[0]?.bytes ?? 0))
        this.#samples.shift()
      this.#bytesPerSecond = sum('bytes') / sum('seconds')
    }
    this.#bytes = 0
  }
}
