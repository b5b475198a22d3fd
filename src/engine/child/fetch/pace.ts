/** Measurements that are averaged: enough to smooth the bursts of peers with an upload limit. */
const SPAN = 10

/**
 * The rate at which a peer answers, over about the last second in which it had open requests. If nothing arrived in that
 * second, a longer time counts, so that silence lowers the rate and does not make it unknown.
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
   * @param wasBusy - it had open requests all the time; else the interval does not count
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
