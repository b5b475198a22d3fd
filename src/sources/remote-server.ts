import { SelfStremeError } from '../domain/errors.ts'
import { FairPlaces, type FairPlacesOptions } from './fair-places.ts'
import type { Fetched, FetchLimits, GuardedFetch } from './guarded-fetch.ts'
import type { AnswerReader } from './reading/answer-reader.ts'
import type { About, ReadAs, Reading } from './reading/readings.ts'

/** Reads the answer; see {@link AnswerReader.read}. */
export type Read = <R extends Reading>(reading: R, about: About<R>) => Promise<ReadAs<R>>

/** A server that a setting names, or that such a server names. */
export interface RemoteServer {
  /**
   * Fetches, and has the answer read.
   *
   * @param take - what to do with it; once it is read, its body is gone
   * @throws as {@link GuardedFetch.get}, and whatever `take` throws
   */
  ask<T>(
    url: string,
    limits: FetchLimits,
    signal: AbortSignal,
    take: (answer: Fetched, read: Read) => T | Promise<T>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<T>
}

/** Answers of one server that are in memory at a time, from their first byte until they have been read. */
const PLACES: FairPlacesOptions = { most: 8, perClient: 8, mostWaiting: 500 }

/** @param name - whose server it is: those of one name take turns with the others at being read */
export function createRemoteServer(name: string, fetcher: GuardedFetch, reader: AnswerReader): RemoteServer {
  const places = new FairPlaces(PLACES)
  return {
    async ask(url, limits, signal, take, headers) {
      using place = await places.wait('', signal)
      signal.throwIfAborted()
      if (!place) throw new SelfStremeError('fetch.failed', 'too many requests to it wait')
      const answer = await fetcher.get(url, limits, signal, headers)
      return await take(answer, (reading, about) => reader.read(reading, name, answer.body, about, signal))
    },
  }
}
