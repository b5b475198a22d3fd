import {
  EPISODE_WORDS,
  EPISODE_WORDS_BEHIND,
  OF_WORDS,
  PART_WORDS,
  SEASON_WORDS,
  SEASON_WORDS_BEHIND,
  SEASON_WORDS_OF_SEVERAL,
} from './number-words.ts'
import { HIDDEN } from './technical-words.ts'

// How names write seasons and episodes. In a list, the first rule that matches counts. Groups of a rule are `season`,
// `run` (one number or several, see number-run.ts), and `spelled` (two, II). Every repetition has a limit, since names
// come from strangers.

const raw = String.raw
const rule = (parts: TemplateStringsArray, ...sources: string[]) => new RegExp(raw(parts, ...sources), 'iu')

const BEGINS = raw`(?<![\p{L}\p{N}])`
const ENDS = raw`(?![\p{L}\p{N}])`
/** Neither `1.5` nor `5th` ends a number, but `5v2` does, and `5a`, its first half. */
const NUMBER_ENDS = raw`(?:v\d|[abc])?(?![\p{L}\p{N}]|[.,]\d(?!\d{3}))`
const GAP = raw`[ ._]{0,2}`
const TO = raw`(?:[ ._]?[-–~][ ._]?|[ ._](?:ao|to|à|a|bis)[ ._])`
const OR = raw`[ ]?[,&+][ ]?`
/** `05`, `01-12`, `103, 104` */
const COUNTED = raw`\d{1,4}(?:(?:${TO}|${OR})\d{1,4})?`

/** `E02`, `-E03`, `+ S01E04`, or tightly `-03` */
const MORE_EPISODES = raw`(?:[ ._]{0,2}[-–~+&,à]?[ ._]{0,2}(?:s\d{1,4}[ ._]?)?ep?\d{1,4}|[-–~+&]\d{1,3}${ENDS}){0,40}`

/** Season and episode in one. */
export const BOTH = [
  // S01E02, S01 - E02, S01xE02, S2024E01
  rule`${BEGINS}s(?<season>[o0]?\d{1,2}|(?:19|20)\d\d)[ ._-]{0,3}x?e(?:p(?:isode)?)?[ ._-]{0,2}(?<run>\d{1,4}${MORE_EPISODES})(?!\d)`,
  // ShowS01E02
  rule`(?<!\d)s(?<season>\d\d)e(?<run>\d\d)(?!\d)`,
  // S0102
  rule`${BEGINS}s(?<season>\d\d)(?<!s(?:19|20))(?<run>\d\d)${ENDS}`,
  // S2-07; S2-7 is two seasons or more
  rule`${BEGINS}s(?<season>\d)-(?<run>\d\d)${ENDS}`,
  // T02E05, T2 Cap 5
  rule`${BEGINS}t(?<season>\d{1,2})[ ._-]{0,3}(?:x?ep?|x|cap(?:[ií]tulo)?)[ ._]{0,2}(?<run>\d{1,4}${MORE_EPISODES})(?!\d)`,
  // 1x02, 1x02-03, 2024x05
  rule`(?<!\d[.,])${BEGINS}(?<season>\d{1,2}|(?:19|20)\d\d(?=.\d\d(?!\d)))[x×х](?<run>\d{1,3}(?:[-–]?[x×х]\d{1,3}|[-–+&]\d{1,3}){0,20})(?:v\d|[abc])?${ENDS}`,
  // Show1x02, 1x02m720p
  rule`(?<![\d.,])(?<season>\d{1,2})x(?<run>\d\d)(?!\d)`,
  // 01E02
  rule`${BEGINS}(?<season>\d{1,2})e(?<run>\d{2,3})${ENDS}`,
  // Cap.205, Cap.205_206
  rule`${BEGINS}caa?p(?:[ií]tulo)?[ ._]?(?<season>\d{1,2})(?<run>\d\d)(?:[ _-]\d{1,2}(?<until>\d\d))?${ENDS}`,
  // [5.01], - 5.01 -, 5.01 - Title, Episode 5.01, Season 5.01
  rule`[[(](?<season>\d{1,2})\.(?<run>\d{2,3})[\])]`,
  rule`-[ ](?<season>\d{1,2})\.(?<run>\d\d)[ ]-`,
  rule`^(?<season>\d{1,2})\.(?<run>\d\d)[ ]-[ ](?!.{0,200}(?:19|20)\d\d)`,
  rule`${BEGINS}(?:ep(?:isode)?|season)[ ._#]{1,2}(?<season>\d{1,2})\.(?<run>\d{1,3})${ENDS}`,
]

/** `1-05.avi`, or two episodes: `01-02.avi`. Elsewhere it would be a range. */
export const DASHED_IN_FILE = rule`(?<!\d-)${BEGINS}(?<season>\d{1,2})-(?<run>\d\d)(?!-\d)${ENDS}`

const MORE_SEASONS = raw`(?:[-–]{1,2}s?0?[1-9]\d?|[ ][-–][1-9](?!\d)|${GAP}(?:[,+&~/][ ]?[&+]?|to|thru|and|à|a|bis|y|e|и)${GAP}s?\d{1,2}|[ ._/-]{0,3}s\d{1,2}){0,40}`
/** A number that belongs to a word for episode after it: `Sezon 5. Bölüm`; but not `Сезон 2 Серия 5`. */
const CLAIMED = raw`[ ._-]{0,2}(?:[яй]|\.)?[ ._-]{0,2}(?:${EPISODE_WORDS_BEHIND})(?!\p{L}|[ ._:#№-]{0,3}\d)`
const SEASON_ENDS = raw`(?![\p{L}\p{N}]|[.,]\d(?!\d{3})|[ ._]?[-–~][ ._]?\d{1,4}${CLAIMED}|${CLAIMED})`
const ORDINAL = raw`(?:[ ]?(?:st|nd|rd|th)|e|è?me|Â?[ªº°]|a)`

export const SEASON = [
  // S01, S01-S03, S01-03, S01+S02, but not a group named S56
  rule`(?<!¤-)${BEGINS}sn?(?<run>\d{1,2}${MORE_SEASONS})${ENDS}`,
  // Seasons 1 - 3, All Seasons (1-8)
  rule`${BEGINS}(?:${SEASON_WORDS_OF_SEVERAL})[ ._:([]{0,2}(?<run>\d{1,2}${GAP}[-–:]${GAP}\d{1,2})${SEASON_ENDS}`,
  // Season 1 - 4, unless the name looks like a fansub
  rule`(?<=^[^[].{0,200})${BEGINS}season[ ](?<run>[1-9][ ]-[ ][1-9])(?=[ ]\p{L}|$)`,
  // Season 1 2 3
  rule`${BEGINS}(?:${SEASON_WORDS})[ ](?<run>\d{1,2}(?:[ ]\d{1,2}){2,40})${SEASON_ENDS}`,
  // Season 2, Season 1, 2 & 3
  rule`${BEGINS}(?:${SEASON_WORDS})(?:[ ._:#№]{0,3}|-)(?<run>\d{1,2}${MORE_SEASONS})${SEASON_ENDS}`,
  rule`${BEGINS}(?<run>\d{1,2})[ ]?(?:st|nd|rd|th)[ ._]{1,2}seasons?${ENDS}`,
  // 2. Staffel, 1ª a 3ª Temporada
  rule`${BEGINS}(?<run>\d{1,2}${ORDINAL}?(?:${GAP}(?:[-–,+&~]|to|a|à|e|y|и)${GAP}\d{1,2}[ªº°a]?)?)(?:${ORDINAL}|-?[йя])?\.?${GAP}(?:${SEASON_WORDS_BEHIND})${ENDS}`,
  // Season Two, Season II
  rule`${BEGINS}(?:${SEASON_WORDS})[ ._](?<spelled>i{1,3}|iv|vi{0,3}|one|two|three|four|five|six)${ENDS}`,
  rule`[[(]тв-(?<run>\d)(?=[\]),])`,
  rule`第(?:(?<run>\d{1,2})|(?<spelled>[一二三四五六七八九十]))[季期部]`,
  rule`(?<!\d)(?<run>\d{1,2})[ ]?(?:기|期)`,
  // S2024, T01
  rule`${BEGINS}(?:s(?<run>(?:19|20)\d\d)|t(?<run2>0\d))${ENDS}`,
]

const MORE_WORDED = raw`(?:[ ._]?[-–~+&][ ._]?(?:ep?)?\d{1,4}|[ ._]?ep?\d{1,4}){0,20}`

export const EPISODE = [
  rule`[第제][ ]?(?<run>\d{1,4}(?:[ ]?[-–~][ ]?\d{1,4})?)[ ]?[話话集回화회]`,
  // E05, EP05-06
  rule`${BEGINS}ep?(?<run>\d{1,4}${MORE_WORDED})${NUMBER_ENDS}`,
  // 1 of 6
  rule`${BEGINS}(?<run>\d{1,3}(?:[-–]\d{1,3})?)[ ._]?(?:${OF_WORDS})[ ._]?(?<total>\d{1,3})${NUMBER_ENDS}`,
  // 5. Folge, 05화
  rule`(?<![a-z\d])(?<run>\d{1,4}(?:[ ._]?[-–~,][ ._]?\d{1,4})?)${CLAIMED}`,
  // Episode 5, Ep(01-10)
  rule`${BEGINS}(?:${EPISODE_WORDS})[ ._:#№(-]{0,3}(?<run>\d{1,4}${MORE_WORDED})${NUMBER_ENDS}`,
  // #5, but not in `321 - Letter #1`
  rule`(?<!^\d{1,4}[ ._]?-.{0,200})${BEGINS}#(?<run>\d{1,4})${NUMBER_ENDS}`,
]

/** `SP2`, `OVA 01`, `OVA - 01` */
export const SPECIAL = rule`${BEGINS}(?:s\d{1,2}[ ._]?)?(?:sp|specials?|ova|oad|oav)[ ._]?(?:-[ ._])?(?<run>\d{1,2})${NUMBER_ENDS}`

/** Directly after the season: `S2 - 05`, `Season 3-01`. */
export const BEHIND_SEASON = rule`^[ ._]{0,2}[-–:,][ ._]{0,2}(?<run>${COUNTED})${NUMBER_ENDS}`
/** The same in a file name, where no dash is needed: `S02 05.mkv`. */
export const BEHIND_SEASON_IN_FILE = rule`^(?:[ ._]{1,2}|[ ._]{0,2}[-–:,][ ._]{0,2})(?<run>${COUNTED})${NUMBER_ENDS}`
/** The number from the first of the series, after the one of the season: `S02E05 - 030`, `S02E05 (30)`. */
export const BEHIND_EPISODE = rule`^[ ._]{0,2}(?:[-–][ ._]{0,2}(?<run>0\d{1,3}|\d{3,4})|\((?<run2>\d{1,4})\))(?=[ ._]*(?:$|[[(¤]))`

/** And before it: `Show - 20 (S01E20)`. What has been read is {@link HIDDEN} already. */
export const BEFORE_EPISODE = rule`(?<=[ ._])[-–—][ ._]{1,2}(?<run>\d{1,4})[ ._]{0,2}(?=[(\[]${HIDDEN})`

/** `05.mkv`, `05 - Title.mkv`, `05. Title.mkv`, `05) Title.mkv` */
export const FILE_BEGINS = rule`^(?<run>\d{1,2}|0\d{1,2})(?:v\d)?(?:$|[ ._]{0,2}[-–)](?!\d)|[.][ ])`

/** `Show - 13.5`: a recap between two episodes. */
export const HALF = rule`(?<=[ ._])[-–—][ ._]{1,2}\d{1,4}[.]5(?!\d)`

/** `Show Movie 01` is not an episode. */
const NO_FILM = raw`(?<!(?:movie|film)[ ._-]{1,3})`
const COUNT_ENDS = raw`(?:v\d|[abc](?!\p{L}))?(?:[ ._]{0,2}(?:end|fin|final))?`

/** Where fansubs put their numbers. */
export const FANSUB = [
  // (01-12), [01-12]
  rule`[[(【](?<run>\d{1,4}[ ]?[-–~][ ]?\d{1,4})${COUNT_ENDS}[\])】]`,
  // Title - 05 [720p], Title - 05 - Name
  rule`${NO_FILM}(?<=[ ._])[-–—][ ._]{1,2}(?<run>${COUNTED})${COUNT_ENDS}(?=[ ._]*(?:$|[[(【¤\])–-]))`,
  // Title [05]
  rule`(?<!^)[[【「](?<run>\d{1,4})${COUNT_ENDS}[\]】」]`,
  // 01 ~ 12, 01-12
  rule`${BEGINS}(?<run>\d{1,4}[ ]?~[ ]?\d{1,4}|0\d{1,2}-\d{2,3})${ENDS}`,
  // [Group] Title 27 [720p]
  rule`(?<=^\[[^\]]{1,40}\][^[]{1,200}[ ])${NO_FILM}(?<run>\d{2,4})${COUNT_ENDS}(?=[ ._]*(?:$|[[(¤]))`,
  // Title.05.720p
  rule`${NO_FILM}(?<=[ ._])(?<run>0\d{1,3})${COUNT_ENDS}(?=[ ._]{1,2}(?:v\d[ ._]{1,2})?¤)`,
]
/** `Title - 05 Name of the episode.mkv` */
export const PADDED_IN_FILE = rule`(?<=[ ._])[-–—][ ._]{1,2}(?<run>0\d{1,2})${NUMBER_ENDS}`
/** `Title 01 - 12`, `Title 1-291` */
export const BATCH = rule`(?<=[ ._])(?<run>0{1,2}1[ ]-[ ]\d{2,4}|0{0,2}1-\d{2,4})(?![ ]?-)${ENDS}`

const SPELLED = 'i{1,3}|iv|vi{0,3}|i?x|one|two|three|four|five|six|seven|eight|nine|ten'
export const PART = rule`${BEGINS}(?:${PART_WORDS})[ ._]{0,2}(?:(?<run>\d{1,2})|(?<spelled>${SPELLED}))${ENDS}`

const A_YEAR = raw`(?:19\d\d|20[0-3]\d)`
export const YEAR_IN_BRACKETS = rule`[[(](?<year>${A_YEAR})(?:[ ]?[-–][ ]?(?:${A_YEAR}|\d\d))?(?=[\]),]|[ ,])`
export const YEARS = new RegExp(raw`${BEGINS}(?<year>${A_YEAR})(?:[-–]${A_YEAR})?${ENDS}`, 'gu')
export const BARE = new RegExp(raw`${BEGINS}(?<!\d[.,])(?<digits>\d{1,4})(?:v\d)?${ENDS}(?![.,]\d)`, 'gu')

export const DATES = [
  rule`${BEGINS}(?<year>(?:19|20)\d\d)(?<between>[ ._-])(?<month>0\d|1[0-2])\k<between>(?<day>[0-2]\d|3[01])(?!\d)`,
  rule`${BEGINS}(?<day>[0-2]\d|3[01])(?<between>[ ._-])(?<month>0\d|1[0-2])\k<between>(?<year>(?:19|20)\d\d)(?!\d)`,
  rule`${BEGINS}(?<year>20[0-3]\d)(?<month>0\d|1[0-2])(?<day>[0-2]\d|3[01])(?!\d)`,
]
