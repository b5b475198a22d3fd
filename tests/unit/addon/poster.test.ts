import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { drawPoster } from '../../../src/addon/poster.ts'

const MOST_BYTES = 4_000

/** The text of a poster, line by line. */
function linesOn(svg: string): string[] {
  expect(XMLValidator.validate(svg)).toBe(true)
  const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'text' })
  const { text = [] } = parser.parse(svg).svg as { text?: ({ '#text': unknown } | string)[] }
  return text.map((each) => String(typeof each === 'object' ? each['#text'] : each))
}

test.for<readonly [string, readonly string[]]>([
  ['Copper Harbor', ['Copper Harbor']],
  ['The Long Way Round to Copper Harbor', ['The Long Way', 'Round to', 'Copper Harbor']],
  ['Donaudampfschifffahrtskapitän', ['Donaudampfsch', 'ifffahrtskapi', 'tän']],
  ['Мідна гавань', ['Мідна гавань']],
  ['銅の港と長い道のり', ['銅の港と長い', '道のり']],
  ['  a\t\nb  ', ['a b']],
  ['', []],
])('title %j is broken into lines on its poster', ([name, lines]) => {
  expect(linesOn(drawPoster({ name }))).toEqual(lines)
})

test('the year stands below the title on a poster', () => {
  expect(linesOn(drawPoster({ name: 'Copper Harbor', year: 2023 }))).toEqual(['Copper Harbor', '2023'])
})

test('a poster without a film shows our own name', () => {
  expect(linesOn(drawPoster())).toEqual(['self-streme'])
})

test.for([
  '</text><script>alert(1)</script>',
  '<image href="http://evil.example/x"/>',
  "\"><a onload='x()'",
  '<!DOCTYPE svg [<!ENTITY x "y">]>&x;',
  ']]><?xml-stylesheet href="x"?><![CDATA[',
  '&lt;script&gt;&#60;script&#62;',
  'a\u0000b\u001bc\u007fd\u0085e\ufffef\uffff',
  'half a letter \ud83c',
])('title %j cannot add markup to a poster', (name) => {
  const svg = drawPoster({ name })
  expect(XMLValidator.validate(svg)).toBe(true)
  const elements = new Set([...svg.matchAll(/<\/?([^\s>/]*)/g)].map(([, element]) => element))
  expect([...elements].toSorted()).toEqual(['path', 'rect', 'svg', 'text'])
  expect(svg).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/)
  expect(svg.isWellFormed()).toBe(true)
  expect(svg).not.toMatch(/[\p{Cc}\ufffe\uffff]/u)
})

test.for<readonly [string, string]>([
  ['long words', 'x'.repeat(1e6)],
  ['many words', 'Copper '.repeat(1e5)],
  ['wide letters', '港'.repeat(1e5)],
  ['references', '"&<>'.repeat(1e5)],
  ['marks on one letter', `a${'\u0301'.repeat(1e5)}`],
  ['signs of many parts', '👩‍👩‍👧‍👦'.repeat(1e4)],
  ['white space', ' \n'.repeat(1e5)],
])('a title of %s does not make a large poster', ([, name]) => {
  const svg = drawPoster({ name })
  expect(XMLValidator.validate(svg)).toBe(true)
  expect(Buffer.byteLength(svg)).toBeLessThan(MOST_BYTES)
  expect(linesOn(svg).length).toBeLessThanOrEqual(6)
})
