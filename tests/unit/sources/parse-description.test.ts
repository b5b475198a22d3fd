import { expect, test } from 'vitest'
import { statedBytes, statedSeeders } from '../../../src/sources/parse-description.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

test.for([
  ['Show S01 1080p\nepisode.mkv\n👤 57 💾 1.5 GB ⚙️ Indexer', 57, 1.5 * GIB],
  ['👤 0 💾 700 MB', 0, 700 * MIB],
  ['👥 1,234 📦 12.3GiB', 1234, 12.3 * GIB],
  ['🌱 12 | 💾 1,4 GB', 12, 1.4 * GIB],
  ['Seeders: 12, Size: 2 TB', 12, 2 * 1024 * GIB],
  ['seeds 5 size=3GB', 5, 3 * GIB],
  ['Seeds:7\n📁 900.5 MB', 7, 900.5 * MIB],
] as const)('"%s" gives %i seeders and %i bytes', ([text, seeders, bytes]) => {
  expect([statedSeeders(text), statedBytes(text)]).toEqual([seeders, Math.round(bytes)])
})

test.for([
  '',
  '1080p',
  'Needs 10 GB of cache',
  '💾 10 GB/s',
  '💾 10 Gbps',
  '👤 many 💾 much',
  'Film 2024 1.4',
  'Proceeds 12',
  'The Size 4',
])('"%s" gives no seeders and no size', (text) => {
  expect([statedSeeders(text), statedBytes(text)]).toEqual([undefined, undefined])
})
