import { expect, test } from 'vitest'
import { TitleBudget } from '../../../src/addon/title-budget.ts'

test('a client may look up sixty titles a minute, and each title again at no cost', () => {
  const budget = new TitleBudget()
  const ask = (title: number, now = 0) => budget.admits('tv', `tt${title}`, now)
  const admitted = Array.from({ length: 100 }, (_, title) => ask(title)).filter(Boolean)
  expect(admitted).toHaveLength(60)
  expect([ask(0), ask(59), ask(60)]).toEqual([true, true, false])
  expect([ask(60, 59_999), ask(60, 60_000)]).toEqual([false, true])
})

test('lookups by one client do not reduce the budget of another', () => {
  const budget = new TitleBudget()
  for (let title = 0; title < 100; title++) budget.admits('outsider', `tt${title}`, 0)
  expect(budget.admits('viewer', 'tt200', 0)).toBe(true)
})
