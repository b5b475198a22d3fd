import { createGuardedFetch, type GuardedFetchOptions } from '../../src/sources/guarded-fetch.ts'
import { createAnswerReader } from '../../src/sources/reading/answer-reader.ts'
import { createRemoteServer, type RemoteServer } from '../../src/sources/remote-server.ts'

/** The way to request servers, with all it needs, for one source. */
export function openRemoteServer(
  options: Partial<GuardedFetchOptions>,
  name = 'source',
): RemoteServer & AsyncDisposable {
  const parts = new AsyncDisposableStack()
  const reader = parts.use(createAnswerReader())
  const fetcher = parts.use(createGuardedFetch({ trusted: [], userAgent: 'test', ...options }))
  return {
    ...createRemoteServer(name, fetcher, reader),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
