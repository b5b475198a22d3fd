/** Counts leases by key; each lease can be returned once. */
export class Leases {
  readonly #taken = new Map<string, number>()

  take(key: string): Disposable {
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1)
    let isReturned = false
    return {
      [Symbol.dispose]: () => {
        if (isReturned) return
        isReturned = true
        const left = (this.#taken.get(key) ?? 1) - 1
        if (left > 0) this.#taken.set(key, left)
        else this.#taken.delete(key)
      },
    }
  }

  areTaken(key: string): boolean {
    return this.#taken.has(key)
  }
}
