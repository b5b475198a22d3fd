import { createHash } from 'node:crypto'
import type { Assembly } from './assembly.ts'

interface Evidence<Giver> {
  readonly giver: Giver
  readonly block: number
  readonly digest: string
}

/**
 * Finds the givers of wrong blocks. A hash only covers a whole piece: if one giver sent all of a piece with a wrong hash,
 * it is guilty; else the piece is fetched again from a single giver, and the blocks that differ show the guilty ones.
 */
export class Blame<Giver extends object> {
  readonly #evidence = new Map<number, Evidence<Giver>[]>()

  /** Whether a piece had a wrong hash, and no right one since. */
  isDistrusted(piece: number): boolean {
    return this.#evidence.has(piece)
  }

  /** Whether a giver sent blocks of a piece with a wrong hash. */
  isSuspect(piece: number, giver: Giver): boolean {
    return this.#evidence.get(piece)?.some((each) => each.giver === giver) === true
  }

  /** A complete piece has a wrong hash. @returns the guilty givers, if they are known already */
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

  /** A complete piece has the right hash. @returns the givers that sent other bytes for it before */
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
