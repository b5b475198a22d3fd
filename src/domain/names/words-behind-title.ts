/** Words between a title and its numbers that do not identify a film or series; folded as titles are. */
const NEUTRAL = new Set(
  `
  complete completa completo completed komplett full integrale integral integrala season seasons series serie saison saisons
  staffel staffeln temporada temporadas stagione stagioni sezon tv show miniseries mini pack batch collection

  english eng french fre fra truefrench subfrench vf vff vfq vfi vo voa vost vostfr vosta german ger deutsch dl ml
  italian ita italiano spanish spa esp espanol castellano latino lat portuguese por ptbr br pt dublado legendado dual audio
  russian rus ukrainian ukr polish pol pl lektor dubbing napisy czech cze cz slovak sk hungarian hun magyar romanian ro
  nordic swedish swe danish dan norwegian nor finnish fin dutch nl flemish greek gr turkish tur arabic hebrew heb
  hindi hin tamil telugu korean kor japanese jpn jap chinese chi chs cht thai vietnamese
  multi multisub multisubs subbed dubbed sub dub subs dubs subtitles subtitled

  extended uncut unrated uncensored remastered restored theatrical director directors cut edition version final special
  collectors anniversary criterion imax open matte proper repack rerip real internal limited custom retail hybrid
  untouched remux hd uhd sd 3d hsbs dvd bluray web

  us uk usa au nz ca
  `
    .trim()
    .split(/\s+/),
)

/** Whether a word does not identify a film or series: `FRENCH`, `iNTEGRALE`, `Remastered`. */
export function isNeutral(word: string): boolean {
  return NEUTRAL.has(word)
}
