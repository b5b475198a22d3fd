import { expect, test } from 'vitest'
import {
  readSubtitle,
  readSubtitleOf,
  type SubtitleName,
} from '../../../../src/domain/names/sidecar-subtitle.ts'

const PLAIN = { format: 'srt', isForced: false, isForHearingImpaired: false }

test.for<[string, Partial<SubtitleName> | undefined]>([
  ['Film (2010).srt', {}],
  ['Film (2010).en.srt', { language: 'en' }],
  ['Film (2010).eng.forced.srt', { language: 'en', isForced: true }],
  ['film (2010).GER.ASS', { language: 'de', format: 'ass' }],
  ['Film (2010).French.sdh.vtt', { language: 'fr', isForHearingImpaired: true, format: 'vtt' }],
  ['Film (2010).pt-BR.srt', { language: 'pt-BR' }],
  ['Film (2010).hi.srt', { language: 'hi' }],
  ['Film (2010).en.hi.srt', { language: 'en', isForHearingImpaired: true }],
  ['Film (2010).forced.ssa', { isForced: true, format: 'ssa' }],
  ['Film (2010).2.en.sub', { language: 'en', format: 'sub' }],
  ['Film (2010) 2.srt', undefined],
  ['Film (2010)2.srt', undefined],
  ['Film (2010) - Extended.srt', undefined],
  ['Other.srt', undefined],
  ['Film (2010).en.txt', undefined],
])('beside "Film (2010).mkv", %s is read as its subtitle or not', ([name, expected]) => {
  const read = readSubtitleOf('Film (2010)', name)
  expect(read).toEqual(expected && { ...PLAIN, ...expected })
})

test.for<[string, Partial<SubtitleName> | undefined]>([
  ['2_English.srt', { language: 'en' }],
  ['Film.2010.1080p.ger.forced.srt', { language: 'de', isForced: true }],
  ['something.srt', {}],
  ['readme.txt', undefined],
])('in a folder of subtitles, %s is read as a subtitle or not', ([name, expected]) => {
  expect(readSubtitle(name)).toEqual(expected && { ...PLAIN, ...expected })
})
