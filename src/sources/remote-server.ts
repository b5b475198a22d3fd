import { SelfStremeError } from '../domain/errors.ts'
import { FairPlaces, type FairPlacesOptions } from './fair-places.ts'
import type { Fetched, FetchLimits, GuardedFetch } from './guarded-fetch.ts'
import type { AnswerReader } from './reading/answer-reader.ts'
import type { About, ReadAs, Reading } from './reading/readings.ts'

/** Parses an answer; see {@link AnswerReader.read}. */
export type Read = <R extends Reading>(reading: R, about: About<R>) => Promise<ReadAs<R>>

/** A server named by a setting, or by such a server. */
export interface RemoteServer {
  /**
   * Fetches an answer and has it parsed.
   *
   * @param take - handles the answer; parsing it consumes the body
   * @throws as {@link GuardedFetch.get}, and whatever `take` throws
   */
  ask<T>(
    request: RemoteRequest,
    signal: AbortSignal,
    take: (answer: Fetched, read: Read) => T | Promise<T>,
  ): Promise<T>
}

export interface RemoteRequest {
  readonly url: string
  readonly limits: FetchLimits
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers of one server in memory at the same time, from the first byte until they are parsed. */
const PLACES: FairPlacesOptions = { most: 8, perClient: 8, mostWaiting: 500 }

/** @param name - answers of servers with the same name share one turn at the parser */
export function createRemoteServer(name: string, fetcher: GuardedFetch, reader: AnswerReader): RemoteServer {
  const places = new FairPlaces(PLACES)
  return {
    async ask({ url, limits, headers }, signal, take) {
      using place = await places.wait('', signal)
      signal.throwIfAborted()
      if (!place) throw new SelfStremeError('fetch.failed', 'too many requests to it are waiting')
      const answer = await fetcher.get(url, limits, signal, headers)
      const { body } = answer
      return await take(answer, (reading, about) =>
        reader.read({ reading, sender: name, body, about }, signal),
      )
    },
  }
}
