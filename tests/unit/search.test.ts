import { expect, test } from 'vitest'
import type { Candidate } from '../../src/domain/candidate.ts'
import type { InfoHash } from '../../src/domain/info-hash.ts'
import type { Log } from '../../src/observe/log.ts'
import { createSearch } from '../../src/sources/search.ts'
import type { Source } from '../../src/sources/source.ts'

const VIDEO = { kind: 'movie', id: 'tt1' } as const
const { signal } = new AbortController()

function candidate(letter: string): Candidate {
  return { infoHash: letter.repeat(40) as InfoHash, title: letter, trackers: [], bingeKey: letter }
}

function source(name: string, find: Source['find']): Source {
  return { name, find }
}

/** A log that keeps the warnings. */
function listeningLog() {
  const warnings: unknown[] = []
  const ignore = () => undefined
  const log: Log = {
    error: ignore,
    info: ignore,
    debug: ignore,
    warn: (...event) => void warnings.push(event),
  }
  return { log, warnings }
}

test('what all sources found is one list, in the order of the sources', async () => {
  const { log, warnings } = listeningLog()
  const slow = Promise.withResolvers<Candidate[]>()
  const search = createSearch(
    [
      source('slow', () => slow.promise),
      source('quick', () => Promise.resolve([candidate('b'), candidate('a')])),
    ],
    log,
  )
  const found = search(VIDEO, signal)
  slow.resolve([candidate('a')])
  expect((await found).map(({ title }) => title)).toEqual(['a', 'b'])
  expect(warnings).toEqual([])
})

test('one source that fails gives a shorter list and a warning that names it', async () => {
  const { log, warnings } = listeningLog()
  const search = createSearch(
    [
      source('broken', () => Promise.reject(new Error('no answer'))),
      source('films', () => Promise.resolve([candidate('a')])),
    ],
    log,
  )
  expect(await search(VIDEO, signal)).toEqual([candidate('a')])
  expect(warnings).toEqual([['a source failed', { source: 'broken', reason: 'no answer' }]])
})

test('when all fail, the list is empty', async () => {
  const search = createSearch([source('broken', () => Promise.reject('text'))], listeningLog().log)
  expect(await search(VIDEO, signal)).toEqual([])
})

test('without a source there is nothing', async () => {
  expect(await createSearch([], listeningLog().log)(VIDEO, signal)).toEqual([])
})

test('each source is told what is asked for, and how to hear that nobody waits any more', async () => {
  const asked: unknown[] = []
  const search = createSearch(
    [
      source('films', (...args) => {
        asked.push(args)
        return Promise.resolve([])
      }),
    ],
    listeningLog().log,
  )
  await search(VIDEO, signal)
  expect(asked).toEqual([[VIDEO, signal]])
})
