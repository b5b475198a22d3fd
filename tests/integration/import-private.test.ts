import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readKeptTrackers } from '../../src/storage/folder-state.ts'
import { doImport } from '../support/import.ts'
import { makeTorrent } from '../support/private-torrent.ts'
import { userWith } from '../support/users-files.ts'

const TRACKERS = ['https://t.example.org/announce?passkey=1', 'https://t.example.org/0f3c5a7e/announce']

test.for([
  ['One', { private: 1 }, { urls: TRACKERS, areOfFile: true }],
  ['Two', { private: 1, source: 'SITE' }, { urls: TRACKERS, areOfFile: true }],
  ['Three', {}, undefined],
] as const)(
  'the trackers of an imported torrent are stored with it only if it is private: %s',
  async ([name, fields, kept]) => {
    const { infoHash, bytes, file } = makeTorrent(name, fields, TRACKERS)
    await using user = await userWith({ [`${name}.mkv`]: bytes })
    const path = join(user.home, `${name}.mkv`)
    const { imported } = await doImport(user.root, { kind: 'torrent', paths: [path], metainfo: file })
    expect(imported).toHaveLength(1)
    expect(await readKeptTrackers(join(user.root, infoHash))).toEqual(kept)
    // Reports are not needed.
    expect(JSON.stringify(imported).includes('example.org')).toBe(kept === undefined)
  },
)
