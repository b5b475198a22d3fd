/** Random numbers that are the same for the same seed (mulberry32). */
export interface Random {
  /** from 0 to below `below` */
  int(below: number): number
  pick<T>(values: readonly T[]): T
  bytes(length: number): Buffer
  /** true once in that many calls */
  oneIn(times: number): boolean
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number) => Math.floor(next() * below)
  return {
    int,
    pick: <T>(values: readonly T[]) => values[int(values.length)] as T,
    bytes: (length) => Buffer.from(Array.from({ length }, () => int(256))),
    oneIn: (times) => int(times) === 0,
  }
}
