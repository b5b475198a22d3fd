import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { cpuSecondsOf } from '../processes.ts'

const LOOK_MS = 500
/** With less of it, one process waits for another. */
const IDLE_SHARE = 0.1

interface Span {
  readonly from: number
  readonly to: number
  /** of the machine's processors that others had, while none of them was free */
  readonly share: number
}

/**
 * What other programs, and other virtual machines, take of the processors, while this process and those that it started
 * could use them: by so much, what is measured here is their doing.
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

  /** ms, of those between two moments, that belonged to others; the last half second counts like the one before */
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

/** Processor time in seconds so far: of the machine, and of this process with all that it started (proc_stat(5)). */
function look(): { readonly at: number; readonly busy: number; readonly own: number } {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).map(Number) ?? []
  const busy = (user + nice + system + irq + softIrq + steal) / 100
  return { at: performance.now(), busy, own: cpuSecondsOf(process.pid) }
}
