import { setTimeout as sleep } from 'node:timers/promises'

/** A film that a viewer watches, as its attackers know it. */
export interface TargetFilm {
  readonly infoHash: string
  /** the seed for `patternBytes` */
  readonly seed: string
  readonly length: number
  readonly pieceLength: number
}

/** What is attacked. */
export interface Target {
  /** `http://127.0.0.1:…`, without a slash at the end */
  readonly url: string
  readonly torrentPort: number
  /** info hash of a film that is complete on disk */
  readonly wholeFilm: string
}

/** What all attackers know at the start of a round. */
export interface Round {
  /** from 0 */
  readonly number: number
  /** how long it lasts */
  readonly ms: number
  readonly target: Target
  /** the films being watched now */
  readonly films: readonly TargetFilm[]
  /** Aborts when the next round begins. */
  readonly over: AbortSignal
}

/** One kind of abuse. */
export interface Attack extends AsyncDisposable {
  /** Does as much as an attacker would do in ten minutes. */
  round(round: Round): Promise<void>
  /** counts of what was done, to be sure that something was */
  readonly done: Readonly<Record<string, number>>
}

/** Does one step after the other, spread evenly over most of a round. */
export async function allThrough<T>(
  { ms, over }: Round,
  things: readonly T[],
  work: (thing: T, n: number) => unknown,
): Promise<void> {
  const begunAt = performance.now()
  for (const [n, thing] of things.entries()) {
    const dueAt = begunAt + (0.9 * ms * n) / things.length
    await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return
    void work(thing, n)
  }
}

/** An address on this machine for attackers of one kind: the server sees each as a client. */
export function strangerAddress(kind: number, n = 0): string {
  return `127.66.${kind}.${1 + (n % 250)}`
}

/** An info hash that no peer has, different for each number. */
export function unknownHash(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, 'd')}${n.toString(16).padStart(32, '0')}`
}
