import { request } from 'node:http'
import { type Attack, allThrough, type Round, strangerAddress } from './attack.ts'
import { FAILING_ID, SILENT_ID } from './hostile-addon.ts'

const KIND = 4
/** In a round: titles with huge answers, each from another address. */
const HUGE = 8
/** In a round, from three addresses: ids for which an addon fails or is silent, and invalid ids. */
const FAILING = 20
const SILENT = 40
const NONSENSE = ['failing', ':::', 'tt7x', 'tt12345678901', 'kitsu:x', 'a'.repeat(190), '%F0%9F%8E%AC']

/** Lists of many titles, and of titles that do not exist. */
export class Lists implements Attack {
  #answered = 0
  #failed = 0

  get done() {
    return { answered: this.#answered, failed: this.#failed }
  }

  async round(round: Round): Promise<void> {
    const { number, target, over } = round
    const ask = (id: string, from: string) =>
      new Promise<void>((done) => {
        const url = `${target.url}/stream/movie/${id}.json`
        request(url, { localAddress: from, agent: false, signal: over }, (answer) => {
          answer.on('end', () => this.#answered++).on('error', () => undefined)
          answer.on('close', done).resume()
        })
          .on('error', () => {
            this.#failed++
            done()
          })
          .end()
      })
    const huge = Array.from({ length: HUGE }, (_, n) => number * HUGE + n)
    const failing = Array.from({ length: FAILING }, (_, n) => `tt${FAILING_ID + number * FAILING + n}`)
    const silent = Array.from({ length: SILENT }, (_, n) => `tt${SILENT_ID + number * SILENT + n}`)
    const nonsense = NONSENSE.map((id) => `${id}${number}`)
    await Promise.all([
      allThrough(round, huge, (n) => ask(`tt1${n}0`, strangerAddress(KIND, n % 200))),
      allThrough(round, [...failing, ...silent, ...nonsense], (id, n) =>
        ask(id, strangerAddress(KIND, 200 + (n % 3))),
      ),
    ])
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
