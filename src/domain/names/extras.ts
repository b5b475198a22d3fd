import { HIDDEN, hideTechnical } from './technical-words.ts'

// What comes with a film or a series: samples, trailers, making-ofs, openings without credits. Films and episodes may
// be called "The Sample" or "The Trailer", so a word counts only where it stands alone.

const oneOf = (...words: string[]) => `(?:${words.join('|')})`

const EXTRA_FOLDER = new RegExp(
  `^${oneOf(
    'extras?',
    'bonus(?:[ ._-]?(?:features?|material|disc|dvd))?',
    'featurettes?',
    'behind[ ._]the[ ._]scenes',
    'deleted[ ._](?:and[ ._]extended[ ._])?scenes',
    'making[ ._-]of',
    'interviews',
    'trailers?',
    'teasers?',
    'promos?',
    'bloopers',
    'menus?',
    'nc(?:op|ed)?s?',
    '(?:nc)?ops?[ ._&+-]+(?:and[ ._])?(?:nc)?eds?',
    'creditless(?:[ ._](?:ops?|eds?|openings?|endings?|songs?))*',
    'pvs?',
    'cms?',
    'soundtracks?',
    'ost',
    'proof',
    'screens',
  )}$`,
  'i',
)
const SAMPLE_FOLDER = /^!?samples?$/i

/** `film-sample`, `sample.film`, or nothing but `sample` */
const SAMPLE = /^!?sample(?:[ ._-]?\d+)?$|^sample[-._]|[-._ ([]sample[)\]]?$/i

const WORDS = oneOf(
  '(?:(?:official|teaser|theatrical) )?trailer',
  'teaser',
  'featurette',
  'behind[ ._]?the[ ._]?scenes',
  'deleted(?:[ ._]scenes?)?',
  'gag[ ._]reel',
  'bloopers',
  'making[ ._-]?of',
)
const NUMBER = '[ ._-]*\\d{0,2}'
/** `Film-trailer`, as media servers want it, and names that are nothing else: `Interview 2` */
const EXTRA = new RegExp(`-${WORDS}\\d{0,2}$|^${oneOf(WORDS, 'promo', 'interview')}${NUMBER}(?:$| - )`, 'i')
/** Words that are also names of groups. */
const EXTRA_OR_GROUP = new RegExp(`-${oneOf('interview', 'scene', 'short', 'other', 'extra')}\\d{0,2}$`, 'i')
/** A group follows a technical word: `H264-SCENE`. */
const BEHIND_NO_WORD = new RegExp(`(?<!${HIDDEN}[)\\]]?)${EXTRA_OR_GROUP.source}`, 'i')
/** `Film.2021.Trailer`, but not an episode with such a title */
const EXTRA_ENDING = new RegExp(`[-._ ([]${WORDS}${NUMBER}[)\\]]?$`, 'i')
const EPISODE = /(?<![a-z\d])(?:s\d{1,2}[ ._-]?e|\d{1,2}x)\d{1,3}(?!\d)/i

const ANIME_ENDS = '[a-c]?(?:v\\d)?(?=[ ._]*(?:$|[[(]))'
const ANIME_EXTRA = [
  // NCOP1, Creditless Opening
  `(?<![\\p{L}\\p{N}])(?:nc(?:op|ed)|(?:clean|creditless|textless)[ ._](?:op|ed|opening|ending))[ ._-]?\\d{0,2}${ANIME_ENDS}`,
  // [Group] Show - PV [1080p], Show - OP2
  `(?<=^\\[.{1,200}[ _]-[ _])(?:op|ed|pv|cm|menu|preview)[ ._-]?\\d{0,2}${ANIME_ENDS}`,
  `(?<=^|[[(]|[-–][ _])(?:op|ed|pv|cm|menu|preview)[ ._-]?\\d{1,2}${ANIME_ENDS}`,
].map((source) => new RegExp(source, 'iu'))

/** Characters at the end of a path that are read; the rest says nothing about the file. */
const MAX_LENGTH = 500

/**
 * Whether a file is a sample.
 *
 * @param path - folders separated by `/`
 */
export function isSample(path: string): boolean {
  const { folders, stem } = partsOf(path)
  return folders.some((folder) => SAMPLE_FOLDER.test(folder)) || SAMPLE.test(stem)
}

/**
 * Whether a file is an extra of a film or a series.
 *
 * @param path - folders separated by `/`
 */
export function isExtra(path: string): boolean {
  const { folders, stem } = partsOf(path)
  return (
    folders.some((folder) => EXTRA_FOLDER.test(folder)) ||
    EXTRA.test(stem) ||
    // Few names end like that, and hiding words takes a fifth of the time that a name takes in all.
    (EXTRA_OR_GROUP.test(stem) && BEHIND_NO_WORD.test(hideTechnical(stem))) ||
    (EXTRA_ENDING.test(stem) && !EPISODE.test(stem)) ||
    ANIME_EXTRA.some((extra) => extra.test(stem))
  )
}

function partsOf(path: string): { folders: string[]; stem: string } {
  const folders = path.slice(-MAX_LENGTH).split('/')
  const name = folders.pop() ?? ''
  return { folders: folders.map((folder) => folder.trim()), stem: name.replace(/\.\w{2,4}$/, '') }
}
