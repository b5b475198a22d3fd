/**
 * How languages write "season 2" and "episode 5", as sources of regular expressions without capture groups. If one word
 * begins with another, the longer one comes first.
 */

/** before the number: `Staffel 2` */
export const SEASON_WORDS = [
  'seasons?',
  'series',
  'staffeln?',
  'saisons?',
  'stagion[ei]',
  'temporadas?',
  'temp',
  'sezon(?:ul|a|y|ai)?',
  'seizoen(?:en)?',
  's[äæe]song?(?:er)?',
  'kausi',
  'série',
  'сезон(?:ы|и)?',
  'σεζ[οό]ν',
  'עונה',
  'الموسم',
  'シーズン',
  '시즌',
].join('|')

/** before several numbers: `Staffeln 1 - 3` */
export const SEASON_WORDS_OF_SEVERAL = 'seasons|saisons|staffeln|stagioni|temporadas|сезоны|сезони'

/** after the number: `2. Staffel`, `2ª temporada`, `2-й сезон` */
export const SEASON_WORDS_BEHIND = [
  'staffel',
  'saison',
  'stagione',
  'temporada',
  'sezon[aiy]?',
  'séri[ae]',
  'évad',
  'kausi',
  'сезони?',
  'sez',
].join('|')

/** before the number: `Folge 5`, `Ep. 5` */
export const EPISODE_WORDS = [
  '[eé]p(?:s|is[oó]d(?:es?|i?os?))?',
  'folgen?',
  'puntat[ae]',
  'caa?p(?:[ií]tulos?)?',
  'odc(?:inek|inki)?',
  'epizod[ay]?',
  'afl(?:evering(?:en)?)?',
  'avsnitt',
  'afsnit',
  'jakso',
  'bölüm',
  'tập',
  'ตอนที่',
  'сери[яийю]',
  'эпизод',
  'выпуск',
  'επεισόδιο',
  'פרק',
  'الحلقة',
].join('|')

/** after the number: `5. Folge`, `5 серия`, `05화` */
export const EPISODE_WORDS_BEHIND = [
  'folge',
  'серия',
  'серии',
  'серий',
  'сер\\.?',
  'ser(?:i[iyj]?[aiy]|ya)?',
  'выпуск',
  'rész',
  'bölüm',
  'díl',
  'odcinek',
  'jakso',
  'puntata',
  'avsnitt',
  '[話话集回화회]',
].join('|')

/** before the number: `Part 1` */
export const PART_WORDS = 'part|pt|teil|parte|partie|deel|часть'

/** between numbers: `1 of 6` */
export const OF_WORDS = 'of|von|из|iz|de|di|van|av|sur|z'

/** Numbers as words or Roman numerals, used after a word such as "part". */
export const SPELLED: Readonly<Record<string, number>> = {
  i: 1,
  ii: 2,
  iii: 3,
  iv: 4,
  v: 5,
  vi: 6,
  vii: 7,
  viii: 8,
  ix: 9,
  x: 10,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  一: 1,
  二: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
  十: 10,
}
