import { percentile } from '../measure/statistics.ts'
import type { Figures } from '../scenario.ts'

const OURS = 'self-streme'

/** Figures of every round of one case; a round that failed has none. */
export interface Results {
  readonly caseName: string
  readonly rounds: ReadonlyMap<string, readonly Figures[]>
}

/**
 * A markdown table: medians of the rounds, and for the others the ratio of ours to theirs.
 *
 * @param spread - whether the 90th percentile is added after a slash
 */
export function formatTable(results: readonly Results[], spread = false): string {
  const names = [...new Set(results.flatMap(({ rounds }) => [...rounds.keys()]))]
  const ours = names.find((name) => name.startsWith(OURS)) ?? ''
  const header = ['', ...names.map((name) => (name === ours ? name : `${name} (ours ÷ it)`))]
  const rows = results.flatMap(({ caseName, rounds }) => {
    const figures = new Set([...rounds.values()].flat().flatMap((each) => Object.keys(each)))
    return [...figures].map((figure) => [
      `${caseName}: ${figure}`,
      ...names.map((name) => {
        const [theirs, ownRounds] = [rounds.get(name), name === ours ? undefined : rounds.get(ours)]
        return [50, ...(spread ? [90] : [])]
          .map((percent) => cell(theirs, ownRounds, figure, percent))
          .join(' / ')
      }),
    ])
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(['---', ...names.map(() => '---:')]), ...rows.map(line)].join('\n')
}

function cell(
  theirs: readonly Figures[] = [],
  ours: readonly Figures[] | undefined,
  figure: string,
  percent: number,
): string {
  const value = percentile(valuesOf(theirs, figure), percent)
  const failed = theirs.filter((figures) => Object.keys(figures).length === 0).length
  const note = failed > 0 ? ` ${failed} × FAILED` : ''
  if (Number.isNaN(value)) return note.trim() || '–'
  const ratio = percentile(valuesOf(ours ?? [], figure), percent) / value
  return `${round(value)}${Number.isFinite(ratio) ? ` (${ratio.toFixed(2)})` : ''}${note}`
}

function valuesOf(rounds: readonly Figures[], figure: string): number[] {
  return rounds.map((figures) => figures[figure]).filter((value) => value !== undefined)
}

function round(value: number): string {
  if (Number.isInteger(value) || value >= 100) return value.toFixed(0)
  return value.toFixed(value >= 10 ? 1 : 2)
}
