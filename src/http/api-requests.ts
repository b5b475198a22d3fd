import type { ExplainRequest } from '../addon/explain-streams.ts'
import { sourceOfFile, sourceOfMagnet, type TorrentSource } from '../admin/torrent-source.ts'
import type { Addition } from '../admin/torrents.ts'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { parseSelection } from '../domain/usage.ts'
import { readListOptions } from './read-list-options.ts'

const OPTIONS = ['files', 'path', 'pin']
const SOURCES = ['magnet', 'infoHash']

/**
 * Reads a request to add a torrent: JSON with a magnet link or info hash and options, or a torrent file with the
 * options in the query.
 *
 * @throws SelfStremeError `request.invalid`, saying what was expected
 */
export async function readAddition(body: unknown, query: object): Promise<Addition> {
  if (body instanceof Uint8Array)
    return { ...readOptions({ ...query }, OPTIONS), source: await sourceOfFile(body) }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid(
      'send JSON with "magnet" or "infoHash" as application/json, or a torrent file as application/x-bittorrent',
    )
  }
  const fields = { ...body }
  return { ...readOptions(fields, [...OPTIONS, ...SOURCES]), source: readSource(fields) }
}

/** @throws SelfStremeError `request.invalid` */
export function readInfoHash(text: unknown): InfoHash {
  const infoHash = parseInfoHash(String(text))
  if (!infoHash) throw invalid(`"${String(text).slice(0, 80)}" is not an info hash (expected 40 hex digits)`)
  return infoHash
}

/** Reads `true` or `false`. @throws SelfStremeError `request.invalid` */
export function readFlag(name: string, value: unknown, ifAbsent: boolean): boolean {
  if (value === undefined) return ifAbsent
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw invalid(`"${name}" must be true or false`)
}

/**
 * Reads for which options and device a list is to be explained.
 *
 * @throws SelfStremeError `request.invalid`
 */
export function readQuestion(query: object): Pick<ExplainRequest, 'options' | 'userAgent'> {
  const { config, ua, ...others } = query as Record<string, unknown>
  const [unknown] = Object.keys(others)
  if (unknown !== undefined)
    throw invalid(`unknown query parameter "${unknown.slice(0, 80)}"; expected config, ua`)
  const options = readListOptions(config === undefined ? undefined : String(config))
  if (!options)
    throw invalid(
      `"${String(config).slice(0, 80)}" is not a config (expected auto, proxy, magnet or both, with options)`,
    )
  return { options, userAgent: ua === undefined ? undefined : String(ua) }
}

function readSource(fields: Readonly<Record<string, unknown>>): TorrentSource {
  const [given, another] = SOURCES.filter((name) => fields[name] !== undefined)
  if (given === undefined || another !== undefined) throw invalid('send either "magnet" or "infoHash"')
  const text = fields[given]
  if (typeof text !== 'string')
    throw invalid(`"${given}" is neither a magnet link nor an info hash (expected text)`)
  return sourceOfMagnet(text)
}

function readOptions(
  fields: Readonly<Record<string, unknown>>,
  expected: readonly string[],
): Omit<Addition, 'source'> {
  const unknown = Object.keys(fields).find((name) => !expected.includes(name))
  if (unknown !== undefined)
    throw invalid(`unknown parameter "${unknown.slice(0, 80)}"; expected ${expected.join(', ')}`)
  const { files, path, pin } = fields
  const selection = files === undefined ? undefined : parseSelection(files)
  if (files !== undefined && selection === undefined)
    throw invalid('"files" must be "main" (the largest video), "all", or a list of indexes counted from 0')
  if (path !== undefined && (typeof path !== 'string' || path === ''))
    throw invalid('"path" must be a folder under one of TORRENT_EXTRA_PATHS')
  return { selection, path, isPinned: readFlag('pin', pin, true) }
}

export function invalid(what: string): SelfStremeError {
  return new SelfStremeError('request.invalid', what)
}
