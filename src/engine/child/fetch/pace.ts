/** How many measurements count: enough to see through the bursts in which limited peers send. */
const SPAN = 10

/** How fast a peer gives what it is asked for, over the last second or so in which it had something to give. */
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
      if (this.#samples.length > SPAN) this.#samples.shift()
      const sum = (of: 'bytes' | 'seconds') => this.#samples.reduce((total, sample) => total + sample[of], 0)
      this.#bytesPerSecond = sum('bytes') / sum('seconds')
    }
    this.#bytes = 0
  }
}
