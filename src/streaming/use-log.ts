import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Log } from '../observe/log.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'

const SAID_AGAIN_AFTER_MS = 30 * 60 * 1000
const MOST_REMEMBERED = 1_000

interface Use {
  readonly infoHash: InfoHash
  readonly name: string
  /** bytes */
  readonly size: number
  readonly path: string
  readonly isWhole: boolean
}

/** Logs what is read, and where it comes from; players ask often, so repetitions are `debug`. */
export class UseLog {
  readonly #log: Log
  readonly #said = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: SAID_AGAIN_AFTER_MS })

  constructor(log: Log) {
    this.#log = log
  }

  note({ infoHash, name, size, path, isWhole }: Use): void {
    const message = isWhole ? LOG_MESSAGES.fromFile(infoHash, path) : LOG_MESSAGES.fromTorrent(infoHash)
    const isNew = !this.#said.has(message)
    const level = isNew ? 'info' : 'debug'
    this.#log[level](LOG_MESSAGES.selected(name, size))
    this.#log[level](message)
    if (isNew) this.#said.set(message, true)
  }
}
