import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FolderChange, FolderWatch } from '../../../src/files/folder-watch.ts'
import { DownloadFolderWatch } from '../../../src/torrent-index/watch-download-folder.ts'
import { recordingLog } from '../../support/recording-log.ts'

const ONE = '1'.repeat(40)
const TWO = '2'.repeat(40)
const ROOT = '/films'
const CHECK_MS = 60_000
/** Changes are collected this long. */
const LOOK_MS = 500

/** Two indexes that record what they are asked to look at. */
function watched() {
  const done: string[] = []
  const { log, events } = recordingLog()
  let onChange: (change: FolderChange) => void = () => undefined
  const next: { check?: () => Promise<void>; look?: () => Promise<void> } = {}
  let signal: AbortSignal | undefined
  const index = (name: string) => ({
    async look(where: string) {
      done.push(`${name} look ${where.replaceAll('1'.repeat(40), 'ONE').replaceAll('2'.repeat(40), 'TWO')}`)
      await next.look?.()
    },
    async check(given: AbortSignal) {
      signal = given
      done.push(`${name} check`)
      await next.check?.()
    },
  })
  const watch = {
    onChange: (listener: typeof onChange) => {
      onChange = listener
    },
  } as FolderWatch
  const parts = { watch, torrents: index('torrents'), placed: index('placed') }
  return {
    done,
    next,
    events,
    get isStopped() {
      return signal?.aborted
    },
    watching: new DownloadFolderWatch(ROOT, parts, log),
    change: (path: string, isNewOrGone = true) => onChange({ path, isNewOrGone }),
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('folders that appear or vanish are looked at together, the torrents first', async () => {
  const { change, done, watching } = watched()
  await using _watching = watching
  change(`${ROOT}/${ONE}`)
  await vi.advanceTimersByTimeAsync(LOOK_MS - 1)
  change(`${ROOT}/${TWO}`)
  change(`${ROOT}/${ONE}`)
  expect(done).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  const looks = (name: string) => [`torrents look ${name}`, `placed look ${ROOT}/${name}`]
  expect(done).toEqual([...looks('ONE'), ...looks('TWO')])
  await vi.advanceTimersByTimeAsync(10 * LOOK_MS)
  expect(done).toHaveLength(4)
  change(`${ROOT}/${TWO}`)
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(done.slice(4)).toEqual(looks('TWO'))
})

test.for([
  ['a file that is only written to', `${ROOT}/${ONE}`, false],
  ['a folder with another name', `${ROOT}/Holiday`, true],
  ['something inside of a torrent', `${ROOT}/${ONE}/Film.mkv`, true],
  ['a torrent in another folder', `/elsewhere/${ONE}`, true],
] as const)('%s is not looked at', async ([, path, isNewOrGone]) => {
  const { change, done, watching } = watched()
  await using _watching = watching
  change(path, isNewOrGone)
  await vi.advanceTimersByTimeAsync(10 * LOOK_MS)
  expect(done).toEqual([])
})

test('everything is checked once a minute, and not while it is being checked', async () => {
  const { done, next, watching } = watched()
  await using _watching = watching
  const checking = Promise.withResolvers<void>()
  next.check = () => checking.promise
  await vi.advanceTimersByTimeAsync(3 * CHECK_MS)
  expect(done).toEqual(['torrents check'])
  checking.resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(done).toEqual(['torrents check', 'placed check'])
  await vi.advanceTimersByTimeAsync(CHECK_MS)
  expect(done).toHaveLength(4)
})

test('a disk that cannot be read is logged once, until it could be read again', async () => {
  const { done, next, events, watching } = watched()
  await using _watching = watching
  const fail = async () => {
    throw new Error('EIO')
  }
  next.check = fail
  await vi.advanceTimersByTimeAsync(3 * CHECK_MS)
  expect(done).toHaveLength(3)
  expect(events.warn).toEqual([['the download folder cannot be read', { root: ROOT, reason: 'EIO' }]])
  delete next.check
  await vi.advanceTimersByTimeAsync(CHECK_MS)
  next.check = fail
  await vi.advanceTimersByTimeAsync(CHECK_MS)
  expect(events.warn).toHaveLength(2)
})

test('a folder that cannot be looked at is logged, and the next change is looked at', async () => {
  const { change, done, next, events, watching } = watched()
  await using _watching = watching
  next.look = async () => {
    throw new Error('EIO')
  }
  change(`${ROOT}/${ONE}`)
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  delete next.look
  change(`${ROOT}/${TWO}`)
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect([done.length, events.warn.length]).toEqual([3, 1])
})

test('when it is stopped, a check is called off and waited for, and nothing is looked at', async () => {
  const world = watched()
  const checking = Promise.withResolvers<void>()
  world.next.check = () => checking.promise
  await vi.advanceTimersByTimeAsync(CHECK_MS)
  world.change(`${ROOT}/${ONE}`)
  let hasStopped = false
  const stopping = world.watching[Symbol.asyncDispose]().then(() => {
    hasStopped = true
  })
  await vi.advanceTimersByTimeAsync(10 * CHECK_MS)
  expect([world.isStopped, hasStopped]).toEqual([true, false])
  checking.resolve()
  await stopping
  await vi.advanceTimersByTimeAsync(10 * CHECK_MS)
  expect([vi.getTimerCount(), world.done.filter((each) => each.includes('look'))]).toEqual([0, []])
})
