import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { cpuSecondsOf } from '../processes.ts'

const LOOK_MS = 500
/** Below this share of idle time, processes wait for each other. */
const IDLE_SHARE = 0.1

interface Span {
  readonly from: number
  readonly to: number
  /** share of the machine's processors that other programs used while none was idle */
  readonly share: number
}

/**
 * Measures how much processor time other programs and virtual machines take while this process and its children could
 * use it: delays of that length are not our doing.
 */
export class OtherLoad implements Disposable {
  readonly #spans: Span[] = []
  readonly #timer: NodeJS.Timeout
  #last = look()

  constructor() {
    this.#timer = setInterval(() => {
      const now = look()
      const { at, busy, own } = this.#last
      this.#last = now
      const all = ((now.at - at) / 1_000) * availableParallelism()
      const isFull = now.busy - busy > (1 - IDLE_SHARE) * all
      const others = Math.max(0, now.busy - busy - (now.own - own))
      if (all > 0) this.#spans.push({ from: at, to: now.at, share: isFull ? Math.min(1, others / all) : 0 })
    }, LOOK_MS)
  }

  /** ms taken by others between two moments; the last half second counts like the one before */
  within(from: number, to: number): number {
    const last = this.#spans.at(-1)
    const spans = last ? [...this.#spans.slice(-240), { ...last, from: last.to, to }] : []
    return spans.reduce((sum, span) => {
      return sum + span.share * Math.max(0, Math.min(to, span.to) - Math.max(from, span.from))
    }, 0)
  }

  /** over all the time, from 0 to 1 */
  get share(): number {
    const [first, last] = [this.#spans[0], this.#spans.at(-1)]
    if (!first || !last) return 0
    const others = this.#spans.reduce((sum, { from, to, share }) => sum + share * (to - from), 0)
    return others / (last.to - first.from)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** Processor time in seconds so far: of the machine, and of this process with all its children (proc_stat(5)). */
function look(): { readonly at: number; readonly busy: number; readonly own: number } {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).map(Number) ?? []
  const busy = (user + nice + system + irq + softIrq + steal) / 100
  return { at: performance.now(), busy, own: cpuSecondsOf(process.pid) }
}
