import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import type { IndexDatabase } from '../../../src/torrent-index/index-database.ts'
import { INDEX_TABLE, type IndexRow, indexTable } from '../../../src/torrent-index/torrent-table.ts'
import { contentsOf } from '../../support/index-world.ts'

const ONE = '1'.repeat(40) as InfoHash
const TWO = '2'.repeat(40) as InfoHash

function rowOf(infoHash: InfoHash): IndexRow {
  return { contents: contentsOf(infoHash), usage: newUsage('added', 7), notedAt: 12.5 }
}

let memory: DatabaseSync
let isUsable: boolean

/** A database in memory that the test can take away. */
function database(): Pick<IndexDatabase, 'use' | 'change'> {
  return {
    use: (work) => (isUsable ? work(memory) : undefined),
    change(work) {
      if (isUsable) work(memory)
      return isUsable
    },
  }
}

beforeEach(() => {
  isUsable = true
  memory = new DatabaseSync(':memory:')
  memory.exec(INDEX_TABLE)
})
afterEach(() => memory.close())

test('a row is read as it was written, until it is replaced or deleted', () => {
  const table = indexTable(database())
  const write = (row: IndexRow | undefined) => table.write([{ infoHash: ONE, row }])
  expect(table.read()).toEqual(new Map())
  expect(write(rowOf(ONE))).toBe(true)
  expect(table.read()).toEqual(new Map([[ONE, rowOf(ONE)]]))
  const other = { ...rowOf(ONE), notedAt: 13, usage: newUsage('imported', 8) }
  expect(write(other)).toBe(true)
  expect(table.read()).toEqual(new Map([[ONE, other]]))
  expect(write(undefined)).toBe(true)
  expect(table.read()).toEqual(new Map())
})

test('rows of other torrents are deleted, however many stay', () => {
  const table = indexTable(database())
  const many = Array.from({ length: 2_000 }, (_, at) => at.toString(16).padStart(40, '0') as InfoHash)
  table.write([ONE, TWO, ...many].map((infoHash) => ({ infoHash, row: rowOf(infoHash) })))
  table.retainOnly([...many, TWO])
  expect([table.read().size, table.read().has(ONE), table.read().has(TWO)]).toEqual([2_001, false, true])
  table.retainOnly([])
  expect(table.read().size).toBe(0)
})

test('without a database there are no rows, and nothing is written', () => {
  const table = indexTable(database())
  table.write([{ infoHash: ONE, row: rowOf(ONE) }])
  isUsable = false
  expect([table.read().size, table.write([{ infoHash: ONE, row: undefined }])]).toEqual([0, false])
  table.retainOnly([])
  isUsable = true
  expect(table.read().size).toBe(1)
})

describe('a row is not used, and hides no other, of which', () => {
  const { contents, usage } = rowOf(ONE)
  const film = contents.files[0]
  test.for<readonly [string, { readonly contents?: unknown; readonly usage?: unknown }]>([
    ['the contents are no JSON', { contents: '{"infoHash":' }],
    ['the usage is no JSON', { usage: '' }],
    ['the contents are null', { contents: null }],
    ['the contents are a list', { contents: [] }],
    ['the contents are a text', { contents: '"film"' }],
    ['the contents are those of another torrent', { contents: contentsOf(TWO) }],
    ['the contents have no files', { contents: { ...contents, files: undefined } }],
    ['the files are null', { contents: { ...contents, files: null } }],
    ['a file is null', { contents: { ...contents, files: { 0: null } } }],
    ['a file has no path', { contents: { ...contents, files: { 0: { ...film, path: undefined } } } }],
    ['a file has no size', { contents: { ...contents, files: { 0: { ...film, size: 'big' } } } }],
    ['the folder is a number', { contents: { ...contents, directory: 7 } }],
    ['the name is missing', { contents: { ...contents, name: undefined } }],
    ['the length is a text', { contents: { ...contents, length: '10' } }],
    ['the space on disk is missing', { contents: { ...contents, bytesOnDisk: undefined } }],
    ['the main file is a text', { contents: { ...contents, mainFile: '0' } }],
    ['the usage is null', { usage: null }],
    ['the usage is empty', { usage: {} }],
    ['the origin is unknown', { usage: { ...usage, origin: 'stolen' } }],
    ['a time is not a time', { usage: { ...usage, lastReadAt: 1e300 } }],
  ])('%s', ([, wrong]) => {
    const table = indexTable(database())
    table.write([
      { infoHash: ONE, row: rowOf(ONE) },
      { infoHash: TWO, row: rowOf(TWO) },
    ])
    for (const [column, value] of Object.entries(wrong)) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      memory.prepare(`UPDATE torrents SET ${column} = ? WHERE info_hash = ?`).run(text, ONE)
    }
    expect(table.read()).toEqual(new Map([[TWO, rowOf(TWO)]]))
  })
})
