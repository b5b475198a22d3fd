import { createHash } from 'node:crypto'
import type { Assembly } from './assembly.ts'

interface Evidence<Giver> {
  readonly giver: Giver
  readonly block: number
  readonly digest: string
}

/**
 * Finds out who sent wrong blocks. A piece with a wrong hash is guilty as a whole: if all of it came from one giver,
 * it was that one; else it is fetched again, whole, from a single one, and the difference tells.
 */
export class Blame<Giver extends object> {
  readonly #evidence = new Map<number, Evidence<Giver>[]>()

  /** Whether a piece had a wrong hash before, and is not right yet. */
  isDistrusted(piece: number): boolean {
    return this.#evidence.has(piece)
  }

  /** Whether somebody gave blocks of a piece that had a wrong hash. */
  isSuspect(piece: number, giver: Giver): boolean {
    return this.#evidence.get(piece)?.some((each) => each.giver === giver) === true
  }

  /** A piece came together with a wrong hash. @returns who is guilty, if that is sure already */
  onWrong(assembly: Assembly<Giver>): Giver[] {
    const evidence = assembly.givers.flatMap((giver, block) =>
      giver ? [{ giver, block, digest: digestOf(assembly, block) }] : [],
    )
    const givers = new Set(evidence.map(({ giver }) => giver))
    const earlier = this.#evidence.get(assembly.piece) ?? []
    if (givers.size > 1) {
      this.#evidence.set(assembly.piece, [...earlier, ...evidence])
      return []
    }
    this.#evidence.set(assembly.piece, earlier)
    return [...givers]
  }

  /** A piece came together with the right hash. @returns those who gave something else in its place before */
  onRight(assembly: Assembly<Giver>): Giver[] {
    const evidence = this.#evidence.get(assembly.piece)
    if (!evidence) return []
    this.#evidence.delete(assembly.piece)
    const guilty = evidence.filter(({ block, digest }) => digest !== digestOf(assembly, block))
    return [...new Set(guilty.map(({ giver }) => giver))]
  }
}

function digestOf(assembly: Assembly<object>, block: number): string {
  return createHash('sha1').update(assembly.bytesOf(block)).digest('base64')
}
