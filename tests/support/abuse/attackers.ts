import { Worker } from 'node:worker_threads'
import type { Address } from '../stuck-peers.ts'
import type { Round, TargetFilm } from './attack.ts'

/** All kinds of abuse at once, in a thread of their own. */
export interface Attackers extends AsyncDisposable {
  /** manifest of an addon with huge answers */
  readonly manifestUrl: string
  /** a DNS server that answers for no name, `127.0.0.1:…` */
  readonly nameServer: string
  /** Starts silent peers of a film that listen. @returns their addresses */
  meet(film: TargetFilm): Promise<readonly Address[]>
  leave(infoHash: string): Promise<void>
  /** Resolves when all attacks are done; requests still waiting for an answer are ended by the next round. */
  round(round: Pick<Round, 'number' | 'ms' | 'target'>): Promise<void>
  /** what each kind has done so far */
  done(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>
}

export type Call =
  | { readonly kind: 'meet'; readonly film: TargetFilm }
  | { readonly kind: 'leave'; readonly infoHash: string }
  | { readonly kind: 'round'; readonly round: Pick<Round, 'number' | 'ms' | 'target'> }
  | { readonly kind: 'done' }
  | { readonly kind: 'stop' }

export interface Answer {
  /** of the call; 0 = the thread has started */
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

export async function startAttackers(): Promise<Attackers> {
  const worker = new Worker(new URL('./attackers-worker.ts', import.meta.url))
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let calls = 0
  let failure: unknown
  const expectAnswer = (id: number) => {
    const pending = Promise.withResolvers<unknown>()
    waiting.set(id, pending)
    if (failure !== undefined) pending.reject(failure)
    return pending.promise
  }
  worker.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(value)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
  })
  const fail = (error: unknown) => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
  }
  worker.on('error', fail).on('exit', () => fail(new Error('the attackers have ended')))
  const ask = <T>(call: Call): Promise<T> => {
    const answer = expectAnswer(++calls) as Promise<T>
    worker.postMessage({ ...call, id: calls })
    return answer
  }
  const started = (await expectAnswer(0)) as Pick<Attackers, 'manifestUrl' | 'nameServer'>
  return {
    ...started,
    meet: (film) => ask({ kind: 'meet', film }),
    leave: (infoHash) => ask({ kind: 'leave', infoHash }),
    round: (round) => ask({ kind: 'round', round }),
    done: () => ask({ kind: 'done' }),
    async [Symbol.asyncDispose]() {
      if (failure === undefined) await ask({ kind: 'stop' })
      await worker.terminate()
    },
  }
}
