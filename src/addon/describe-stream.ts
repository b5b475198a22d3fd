import { diskState, type ListedTorrent } from '../domain/list/listing.ts'
import { fileNameOf, nameOf } from '../domain/list/release-of.ts'
import { spanInWords } from '../lib/in-words.ts'

/** A TV shows so many letters of a line. */
const LONGEST_LINE = 60
/**
 * Of the facts that the first line begins with. Stremio Web does not wrap lines, and cuts what does not fit: on a phone
 * that is 360 points wide, four margins of 16 leave 296, and a letter takes 7.
 */
const LONGEST_FACTS = 40
/** What somebody writes into a films file can be of any length; `2160p HDR10+` is the longest that a name says. */
const LONGEST_PICTURE = 12
const MOST_LANGUAGES = 4
const BETWEEN = ' · '

/** What a viewer chooses by, in lines. The first says all that matters, and the file last, as its end may be cut off. */
export function describeStream(listed: ListedTorrent): string {
  const { source, codec, audio, languages, group } = listed.release
  const { found, disk } = listed
  const file = fileNameOf(found) ?? disk?.name
  // The words of another addon may be several lines.
  const [name] = (file ?? nameOf(found)).split(/[\r\n]/, 1)
  const first = joined([...factsOf(listed), name])
  const others = [
    found.title,
    file,
    joined([source, codec, audio[0], languages.slice(0, MOST_LANGUAGES).join(', '), group]),
  ].filter((line) => line !== undefined && line !== '' && !isSaidIn(first, line)) as string[]
  return [...new Set([first, ...others].map((line) => shortened(line)))].join('\n')
}

/** `2160p HDR` */
export function pictureOf({ release, quality }: ListedTorrent): string {
  return joined([quality, release.hdr[0]], ' ')
}

function factsOf(listed: ListedTorrent): string[] {
  const { bytes } = listed
  const size = bytes === undefined ? undefined : `${(bytes / 1e9).toFixed(2)} GB`
  const facts = [shortened(pictureOf(listed), LONGEST_PICTURE), ...badgesOf(listed), size, spokenIn(listed)]
  const said: string[] = []
  for (const fact of facts) if (fact && lengthOf(joined([...said, fact])) <= LONGEST_FACTS) said.push(fact)
  return said
}

/** `en`, `en, de`, `en +3` */
function spokenIn({ release }: ListedTorrent): string {
  const [first = '', second, ...more] = release.languages
  if (second === undefined) return first
  return more.length === 0 ? `${first}, ${second}` : `${first} +${more.length + 1}`
}

/** What is true of it now, in signs. Where all of it is on disk, nobody has to have it. */
function badgesOf({ disk, found, withoutPeersMs }: ListedTorrent): string[] {
  const state = diskState(disk)
  if (state === 'whole') return ['⚡ on disk']
  const there = state === 'part' ? [`⬇ ${Math.floor(100 * (disk?.share ?? 0))} %`] : []
  // What a source counted is not true now.
  if (withoutPeersMs !== undefined) return [`⚠ no peers ${agoInWords(withoutPeersMs)}`, ...there]
  return [...there, ...(found.seeders === undefined ? [] : [`👤 ${found.seeders}`])]
}

function agoInWords(ms: number): string {
  return ms < 60_000 ? 'just now' : `${spanInWords(ms)} ago`
}

/** Whether a line would only say again what the first one shows. */
function isSaidIn(first: string, line: string): boolean {
  return lengthOf(first) <= LONGEST_LINE && `${BETWEEN}${first}`.endsWith(`${BETWEEN}${line}`)
}

function joined(parts: readonly (string | undefined)[], between = BETWEEN): string {
  return parts.filter(Boolean).join(between)
}

function shortened(line: string, most = LONGEST_LINE): string {
  const letters = [...line]
  return letters.length <= most ? line : `${letters.slice(0, most - 1).join('')}…`
}

function lengthOf(text: string): number {
  return [...text].length
}
