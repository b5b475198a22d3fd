import { median } from '../measure/statistics.ts'
import type { Figures } from '../scenario.ts'

const OURS = 'self-streme'

/** Figures of every round, of one case; a round that failed has none. */
export interface Results {
  readonly caseName: string
  readonly rounds: ReadonlyMap<string, readonly Figures[]>
}

/** A markdown table: medians of the rounds, and behind those of others how many times theirs ours is. */
export function formatTable(results: readonly Results[]): string {
  const names = [...new Set(results.flatMap(({ rounds }) => [...rounds.keys()]))]
  const ours = names.find((name) => name.startsWith(OURS)) ?? ''
  const header = ['', ...names.map((name) => (name === ours ? name : `${name} (ours ÷ it)`))]
  const rows = results.flatMap(({ caseName, rounds }) => {
    const figures = new Set([...rounds.values()].flat().flatMap((each) => Object.keys(each)))
    return [...figures].map((figure) => [
      `${caseName}: ${figure}`,
      ...names.map((name) => cell(rounds.get(name), name === ours ? undefined : rounds.get(ours), figure)),
    ])
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(['---', ...names.map(() => '---:')]), ...rows.map(line)].join('\n')
}

function cell(theirs: readonly Figures[] = [], ours: readonly Figures[] | undefined, figure: string): string {
  const value = median(valuesOf(theirs, figure))
  const failed = theirs.filter((figures) => Object.keys(figures).length === 0).length
  const note = failed > 0 ? ` ${failed} × FAILED` : ''
  if (Number.isNaN(value)) return note.trim() || '–'
  const ratio = median(valuesOf(ours ?? [], figure)) / value
  return `${round(value)}${Number.isFinite(ratio) ? ` (${ratio.toFixed(2)})` : ''}${note}`
}

function valuesOf(rounds: readonly Figures[], figure: string): number[] {
  return rounds.map((figures) => figures[figure]).filter((value) => value !== undefined)
}

function round(value: number): string {
  if (Number.isInteger(value) || value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}
