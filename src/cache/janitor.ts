import type { InfoHash } from '../domain/info-hash.ts'
import type { Log } from '../observe/log.ts'
import { type CacheEntry, chooseIdle } from './eviction.ts'

const SHORTEST_ROUND_MS = 100
const LONGEST_ROUND_MS = 60_000

export interface JanitorOptions {
  /** 0 = keep for good */
  readonly idleMs: number
  /** what a graceful stop removes: what is past its idle time, everything, or nothing */
  readonly onShutdown: 'idle' | 'all' | 'none'
}

/** What the janitor cleans. */
export interface Cleanable {
  entries(): readonly CacheEntry[]
  remove(infoHashes: readonly InfoHash[]): Promise<{ removed: number; freedBytes: number }>
}

/** Removes what nobody has read for a while, in rounds short against the idle time, and once more when it is disposed of. */
export function startJanitor(options: JanitorOptions, cache: Cleanable, log: Log): AsyncDisposable {
  const roundMs = Math.max(SHORTEST_ROUND_MS, Math.min(options.idleMs / 4, LONGEST_ROUND_MS))
  let round = Promise.resolve()
  const timer = setInterval(() => {
    round = round.then(() => clean(chooseIdle(cache.entries(), options.idleMs, Date.now()), 'idle'))
  }, roundMs)

  async function clean(entries: readonly CacheEntry[], why: string): Promise<void> {
    if (entries.length === 0) return
    const result = await cache.remove(entries.map(({ infoHash }) => infoHash))
    log.info('cache cleaned', { ...result, why })
  }

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await round
      const { onShutdown, idleMs } = options
      if (onShutdown === 'all') await clean(cache.entries(), 'shutdown')
      if (onShutdown === 'idle') await clean(chooseIdle(cache.entries(), idleMs, Date.now()), 'shutdown')
    },
  }
}
