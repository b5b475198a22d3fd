import { assertOk } from './assert-ok.ts'
import { cachedValue } from './cached-value.ts'
import type { About, ReadAs } from './reading/readings.ts'
import type { RemoteServer } from './remote-server.ts'
import type { DroppedRow } from './source.ts'
import type { Query } from './torznab-query.ts'
import type { TorznabRow, WantedRows } from './torznab-rows.ts'
import type { TorznabCaps } from './torznab-xml.ts'

export interface TorznabClientOptions {
  /** of its API; its query is sent along */
  readonly url: string
  readonly apiKey?: string | undefined
}

/** A row takes two or three kilobytes, so this is about 800 rows; 100 are requested. */
const LIMITS = { timeoutMs: 25_000, maxBytes: 2 * 1024 * 1024 }
const CAPS_FRESH_MS = 6 * 3_600_000
const ANSWER_LIMIT = '100'

export interface Asking {
  readonly signal: AbortSignal
  drop(row: DroppedRow): void
}

/** The API of an indexer: what it can do, and the rows that it answers queries with. */
export class TorznabClient {
  readonly #options: TorznabClientOptions
  readonly #server: RemoteServer
  /** what the indexer can do, asked again after a while */
  readonly caps = cachedValue(
    () => this.#loadCaps(),
    () => CAPS_FRESH_MS,
  )

  constructor(options: TorznabClientOptions, server: RemoteServer) {
    this.#options = options
    this.#server = server
  }

  /**
   * The rows that any of the queries finds.
   *
   * @param wanted - what the rows are for; called when an answer is there
   * @throws what the first one failed with if all queries fail
   */
  async rows(
    queries: readonly Query[],
    wanted: () => Promise<WantedRows>,
    { signal, drop }: Asking,
  ): Promise<readonly TorznabRow[]> {
    const answers = await Promise.allSettled(
      queries.map((query) =>
        this.#ask('rows', wanted, { ...query, extended: '1', limit: ANSWER_LIMIT }, signal),
      ),
    )
    const [failed] = answers.filter((answer) => answer.status === 'rejected')
    if (failed && answers.every(({ status }) => status === 'rejected')) throw failed.reason
    const read = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    for (const row of read.flatMap(({ dropped }) => dropped)) drop(row)
    return read.flatMap(({ rows }) => rows)
  }

  #loadCaps(): Promise<TorznabCaps> {
    return this.#ask('caps', () => undefined, { t: 'caps' }, new AbortController().signal)
  }

  async #ask<R extends 'caps' | 'rows'>(
    reading: R,
    about: () => About<R> | Promise<About<R>>,
    query: Query,
    signal: AbortSignal,
  ): Promise<ReadAs<R>> {
    const url = new URL(this.#options.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (this.#options.apiKey) url.searchParams.set('apikey', this.#options.apiKey)
    return this.#server.ask({ url: url.href, limits: LIMITS }, signal, async (answer, read) => {
      // An error document may have any status, and says more than the status.
      if (!/<error\b/i.test(answer.body.toString('latin1', 0, 1_000))) assertOk(answer)
      return read(reading, await about())
    })
  }
}
