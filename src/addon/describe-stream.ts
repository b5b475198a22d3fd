import { diskState, type ListedTorrent } from '../domain/list/listing.ts'
import { fileNameOf, nameOf } from '../domain/list/release-of.ts'
import { spanInWords } from '../lib/in-words.ts'

/** Characters of a line that a TV shows. */
const MAX_LINE_LENGTH = 60
/**
 * Characters of the facts at the beginning of the first line. Stremio Web does not wrap lines, and cuts them: on a
 * phone that is 360 points wide, four margins of 16 leave 296, and a character takes 7.
 */
const MAX_FACTS_LENGTH = 40
/** `2160p HDR10+` is the longest in a name; in a films file it may be any text. */
const MAX_PICTURE_LENGTH = 12
const MAX_LANGUAGES = 4
const BETWEEN = ' · '

/** The description of a stream, in lines. The first says everything important, the file name last, as it may be cut. */
export function describeStream(listed: ListedTorrent): string {
  const { source, codec, audio, languages, group } = listed.release
  const { found, disk } = listed
  const file = fileNameOf(found) ?? disk?.name
  // Text from another addon may have several lines.
  const [name] = (file ?? nameOf(found)).split(/[\r\n]/, 1)
  const first = joined([...factsOf(listed), name])
  const others = [
    found.title,
    file,
    joined([source, codec, audio[0], languages.slice(0, MAX_LANGUAGES).join(', '), group]),
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
  const facts = [
    shortened(pictureOf(listed), MAX_PICTURE_LENGTH),
    ...badgesOf(listed),
    size,
    spokenIn(listed),
  ]
  const said: string[] = []
  for (const fact of facts) if (fact && fits(joined([...said, fact]), MAX_FACTS_LENGTH)) said.push(fact)
  return said
}

/** `en`, `en, de`, `en +3` */
function spokenIn({ release }: ListedTorrent): string {
  const [first = '', second, ...more] = release.languages
  if (second === undefined) return first
  return more.length === 0 ? `${first}, ${second}` : `${first} +${more.length + 1}`
}

/** The current state, in symbols. If the video is complete on disk, seeders do not matter. */
function badgesOf({ disk, found, withoutPeersMs }: ListedTorrent): string[] {
  const state = diskState(disk)
  if (state === 'whole') return ['⚡ on disk']
  const there = state === 'part' ? [`⬇ ${Math.floor(100 * (disk?.share ?? 0))} %`] : []
  // A count by a source is outdated if no peer was found.
  if (withoutPeersMs !== undefined) return [`⚠ no peers ${agoInWords(withoutPeersMs)}`, ...there]
  return [...there, ...(found.seeders === undefined ? [] : [`👤 ${found.seeders}`])]
}

function agoInWords(ms: number): string {
  return ms < 60_000 ? 'just now' : `${spanInWords(ms)} ago`
}

/** Whether a line would only repeat what the first one shows. */
function isSaidIn(first: string, line: string): boolean {
  return fits(first, MAX_LINE_LENGTH) && `${BETWEEN}${first}`.endsWith(`${BETWEEN}${line}`)
}

function joined(parts: readonly (string | undefined)[], between = BETWEEN): string {
  return parts.filter(Boolean).join(between)
}

function shortened(line: string, most = MAX_LINE_LENGTH): string {
  return fits(line, most) ? line : `${line.slice(0, endOf(line, most - 1))}…`
}

function fits(text: string, most: number): boolean {
  return text.length <= most || endOf(text, most) === text.length
}

/** Where the first letters of a text end. A letter is one or two units of UTF-16. */
function endOf(text: string, letters: number): number {
  let end = 0
  for (let n = 0; n < letters && end < text.length; n++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
  return end
}
