import type { Overview } from '../admin/cache-overview.ts'
import type { TorrentEntry } from '../admin/describe.ts'
import type { Explanation } from '../cleanup/explain.ts'
import type { CleanupResult } from '../cleanup/janitor.ts'
import { sizeInWords, spanInWords } from '../lib/in-words.ts'
import type { PlacedEntry } from '../placed/placed-files.ts'
import { command } from './command.ts'
import { JSON_OPTION, print, table } from './print.ts'
import { runningServer } from './running-server.ts'

/** Digits of an info hash that are shown: enough to tell torrents apart. */
const HASH_DIGITS = 12
const HEADING = ['HASH', 'STATE', 'DONE', 'SIZE', 'SPEED', 'PEERS', 'ETA', 'PIN', 'PLAYS', 'READ', 'NAME']
const NUMBERS = ['DONE', 'SIZE', 'SPEED', 'PEERS', 'ETA', 'PLAYS']

export const cacheLs = command({
  name: 'cache ls',
  about: 'List what can be played from disk, and what is being downloaded.',
  usage: 'cache ls [--json]',
  options: { json: JSON_OPTION },
  allowPositionals: false,
  async run({ values }) {
    const overview = await runningServer().ask<Overview>('GET', '/api/cache')
    return print(values.json, overview, listLines(overview, Date.now()))
  },
})

export const cacheExplain = command({
  name: 'cache explain',
  about: 'Show what clean-up would remove next and what it keeps, and why.',
  usage: 'cache explain [--json]',
  options: { json: JSON_OPTION },
  allowPositionals: false,
  async run({ values }) {
    const explanation = await runningServer().ask<Explanation>('GET', '/api/cache/explain')
    return print(values.json, explanation, explanationLines(explanation))
  },
})

export const cacheCleanup = command({
  name: 'cache cleanup',
  about: 'Remove everything that may be removed now.',
  usage: 'cache cleanup [--json]',
  options: { json: JSON_OPTION },
  allowPositionals: false,
  async run({ values }) {
    const result = await runningServer().ask<CleanupResult>('POST', '/admin/cleanup')
    const { removed, freedBytes, kept } = result
    return print(values.json, result, [
      `removed ${removed} torrents, freed ${sizeInWords(freedBytes)}`,
      ...kept.map(({ infoHash, name, why }) => `kept ${shortHash(infoHash)}  ${name}: ${why}`),
    ])
  },
})

function listLines(overview: Overview, now: number): string[] {
  const { torrents, placed } = overview
  const rows = [
    HEADING,
    ...torrents.map((entry) => rowOf(entry, now)),
    ...placed.map((file) => rowOfPlaced(file, now)),
  ]
  return [...table(rows, NUMBERS), '', limitsLine(overview)]
}

function rowOf(entry: TorrentEntry, now: number): string[] {
  const { infoHash, state, percent, bytesWanted, bytesThere, downloadSpeed, etaSeconds } = entry
  return [
    shortHash(infoHash),
    state,
    `${percent} %`,
    sizeInWords(bytesWanted ?? bytesThere),
    downloadSpeed > 0 ? `${sizeInWords(downloadSpeed)}/s` : '',
    entry.peers > 0 ? String(entry.peers) : '',
    etaSeconds === undefined ? '' : spanInWords(etaSeconds * 1000),
    entry.isPinned ? 'pin' : '',
    entry.plays.toFixed(1),
    entry.isWatched ? 'now' : `${spanInWords(now - Date.parse(entry.lastReadAt))} ago`,
    entry.name,
  ]
}

function rowOfPlaced(
  { infoHashes, name, size, verdict, plays, lastReadAt }: PlacedEntry,
  now: number,
): string[] {
  const [infoHash = ''] = infoHashes
  const state = verdict === 'mismatched' ? verdict : 'yours'
  const read = lastReadAt === undefined ? 'never' : `${spanInWords(now - lastReadAt)} ago`
  return [shortHash(infoHash), state, '', sizeInWords(size), '', '', '', '', plays.toFixed(1), read, name]
}

function explanationLines(explanation: Explanation): string[] {
  const { next, kept } = explanation
  const lines = (entries: Explanation['next']) =>
    entries.map(
      ({ infoHash, name, bytes, why }) =>
        `  ${shortHash(infoHash)}  ${sizeInWords(bytes).padStart(8)}  ${name}: ${why}`,
    )
  return [
    next.length > 0 ? 'May be removed, in this order:' : 'Nothing may be removed.',
    ...lines(next),
    ...(kept.length > 0 ? ['Stays:', ...lines(kept)] : []),
    '',
    limitsLine(explanation),
  ]
}

function limitsLine({
  usedBytes,
  maxBytes,
  freeBytes,
  minFreeBytes,
}: Omit<Explanation, 'next' | 'kept'>): string {
  const limit = maxBytes === undefined ? 'no CACHE_MAX_SIZE' : `CACHE_MAX_SIZE ${sizeInWords(maxBytes)}`
  return `${sizeInWords(usedBytes)} used (${limit}); ${sizeInWords(freeBytes)} free on the disk (CACHE_MIN_FREE ${sizeInWords(minFreeBytes)})`
}

function shortHash(infoHash: string): string {
  return infoHash.slice(0, HASH_DIGITS)
}
