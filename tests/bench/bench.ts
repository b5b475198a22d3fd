/**
 * `npm run bench [-- scenario …]`: this server beside others. Contestants take turns within each case, so that changes
 * in the load of the machine hit all of them. Prints a table for each scenario. README.md says what they measure.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hasSeeder } from '../support/swarm.ts'
import { endAllProcesses } from './measure/own-process.ts'
import { describeMachine } from './report/machine.ts'
import { formatTable, type Results } from './report/table.ts'
import type { Case, Figures, Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { settings } from './settings.ts'

const GIVE_UP_MS = 600_000

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in scenarios))
if (unknown.length > 0) {
  const known = Object.entries(scenarios).map(([name, { about }]) => `  ${name}: ${about}`)
  console.error(`There is no scenario ${unknown.join(', ')}. There are:\n${known.join('\n')}`)
  process.exit(2)
}

if (!hasSeeder) process.exit(2)
installContestants()
say(`${describeMachine()}; ${settings.rounds} rounds, ${settings.seeders} seeders`)
for (const [name, scenario] of Object.entries(scenarios)) {
  if (asked.length === 0 || asked.includes(name)) await run(name, scenario)
}
process.exit()

async function run(name: string, scenario: Scenario): Promise<void> {
  await using stage = await scenario.prepare()
  const cases = stage.cases.filter((each) => isChosen(each.name, settings.cases))
  const results = cases.map(({ name: caseName, contestants }) => ({
    caseName,
    rounds: new Map(
      contestants
        .filter((each) => settings.only.length === 0 || settings.only.includes(each))
        .map((each) => [each, [] as Figures[]]),
    ),
  })) satisfies Results[]

  for (let round = 1; round <= settings.rounds; round++) {
    for (const [index, each] of cases.entries()) {
      const { rounds } = results[index] as (typeof results)[number]
      const order = [...rounds.keys()]
      for (const contestant of round % 2 === 1 ? order : order.toReversed()) {
        const figures = await measure(each, contestant)
        rounds.get(contestant)?.push(figures)
        console.error(`${name}, round ${round}, ${each.name}, ${contestant}: ${JSON.stringify(figures)}`)
      }
    }
  }
  say(`\n### ${name}\n\n${scenario.about}\n\n${formatTable(results, scenario.spread)}`)
}

/** The result goes to standard output, progress to standard error. */
function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A contestant that fails, or takes too long and is killed, is reported, and the others go on. */
async function measure(each: Case, contestant: string): Promise<Figures> {
  const timer = setTimeout(endAllProcesses, GIVE_UP_MS)
  try {
    return await each.measure(contestant)
  } catch (error) {
    console.error(`*** ${each.name}, ${contestant} FAILED: ${(error as Error).stack}`)
    return {}
  } finally {
    clearTimeout(timer)
  }
}

function isChosen(name: string, parts: readonly string[]): boolean {
  return parts.length === 0 || parts.some((part) => name.includes(part))
}

/** The others have a lock file of their own, and are installed when first needed. */
function installContestants(): void {
  const here = fileURLToPath(new URL('.', import.meta.url))
  if (existsSync(`${here}/node_modules/peerflix`)) return
  console.error('installing the contestants: npm ci --prefix tests/bench')
  execFileSync('npm', ['ci', '--prefix', here, '--ignore-scripts', '--no-audit', '--no-fund'], {
    stdio: ['ignore', process.stderr, 'inherit'],
  })
}
