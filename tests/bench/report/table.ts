import { median } from '../measure/statistics.ts'
import type { Figures } from '../scenario.ts'

const OURS = 'self-streme'

/** Figures of every round, of one case. */
export interface Results {
  readonly caseName: string
  readonly rounds: ReadonlyMap<string, readonly Figures[]>
}

/** A markdown table: medians of the rounds, and behind those of others how many times theirs ours is. */
export function formatTable(results: readonly Results[]): string {
  const names = [...new Set(results.flatMap(({ rounds }) => [...rounds.keys()]))]
  const ours = names.find((name) => name.startsWith(OURS))
  const header = ['', ...names.map((name) => (name === ours ? name : `${name} (ours ÷ it)`))]
  const rows = results.flatMap(({ caseName, rounds }) => {
    const figures = new Set([...rounds.values()].flat().flatMap((each) => Object.keys(each)))
    return [...figures].map((figure) => {
      const medianOf = (name = '') =>
        median((rounds.get(name) ?? []).map((each) => each[figure] ?? Number.NaN))
      return [
        `${caseName}: ${figure}`,
        ...names.map((name) => cell(medianOf(name), name === ours ? undefined : medianOf(ours))),
      ]
    })
  })
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(header), line(['---', ...names.map(() => '---:')]), ...rows.map(line)].join('\n')
}

function cell(value: number, ours: number | undefined): string {
  if (Number.isNaN(value)) return '–'
  const text = value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
  return ours === undefined || Number.isNaN(ours) || value === 0
    ? text
    : `${text} (${(ours / value).toFixed(2)})`
}
