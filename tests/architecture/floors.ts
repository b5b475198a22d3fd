import type { IConfiguration } from 'dependency-cruiser'

/**
 * Which folder may import which, as src/README.md draws it: every floor looks only downward, and each outside package
 * has one door.
 */
const severity = 'error' as const
export const FLOORS = [
  ['lib'],
  ['domain'],
  ['observe', 'disk', 'files', 'storage'],
  ['config', 'engine', 'torrents', 'torrent-index', 'cleanup', 'placed', 'library', 'sources'],
  ['import', 'streaming', 'addon', 'downloads', 'admin'],
  ['http'],
  ['cli'],
] as const
const floors = FLOORS.map((rooms) => rooms.join('|'))
const PARTS = FLOORS[3].join('|')

/** Packages that only one place may import: another one could replace them there. */
export const DOORS = {
  webtorrent: '^src/engine/child/',
  'bittorrent-protocol': '^src/engine/child/',
  express: '^src/http/',
  'stremio-addon-sdk': '^src/addon/',
  winston: '^src/observe/log\\.ts$',
  'ua-parser-js': '^src/domain/list/device\\.ts$',
  bencode: '^src/lib/bencoding\\.ts$',
  'create-torrent': '^src/import/make-torrent\\.ts$',
  'ipaddr.js': '^src/lib/ip-address\\.ts$',
  undici: '^src/sources/guarded-',
  'fast-xml-parser': '^src/sources/torznab-xml\\.ts$',
  '@viren070/parse-torrent-title': '^src/domain/names/release-name\\.ts$',
  // Where text from outside becomes a value of ours: settings, answers of other servers and the films file, our notes.
  zod: '^src/config/|^src/sources/(addon-manifest|films|title|upstream-stream)\\.ts$|^src/storage/folder-state\\.ts$',
}

/** Packages without a door, and why. */
export const WITHOUT_DOOR = {
  'lru-cache': 'a bounded Map, used like one',
  'p-limit': 'calls one at a time, used like a loop',
  node: 'runs the code',
  'load-ip-set': 'an empty package in the place of one that webtorrent imports',
}

export const floorRules: IConfiguration = {
  forbidden: [
    { name: 'no-cycles', severity, from: {}, to: { circular: true } },
    ...floors.slice(0, -1).map((floor, index) => ({
      name: `floor-${index}-looks-up`,
      severity,
      from: { path: `^src/(${floor})/` },
      to: {
        path: [`^src/(${floors.slice(index + 1).join('|')})/`, '^src/[^/]+\\.ts$'],
      },
    })),
    {
      name: 'parts-are-strangers',
      comment: 'a part may know the types of another part’s port, and nothing else of it',
      severity,
      from: { path: `^src/(${PARTS})/` },
      to: { path: `^src/(${PARTS})/`, pathNot: '^src/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'http-knows-parts-by-type',
      severity,
      from: { path: '^src/http/' },
      to: { path: `^src/(${PARTS})/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'streaming-serves-the-others',
      severity,
      from: { path: '^src/streaming/' },
      to: { path: '^src/(addon|admin|downloads)/' },
    },
    {
      name: 'the-engine-starts-before-the-rest-is-loaded',
      severity,
      from: { path: '^src/app\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/((engine|observe|storage)/|app-parts\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'config-is-sliced-by-the-app',
      severity,
      from: { path: '^src/[^/]+/', pathNot: '^src/(config|cli)/' },
      to: { path: '^src/config/' },
    },
    {
      name: 'domain-is-pure',
      severity,
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'import-is-for-the-command-line',
      severity,
      from: { path: '^src/', pathNot: '^src/(import|cli)/' },
      to: { path: '^src/import/' },
    },
    {
      name: 'nothing-reaches-outside-the-project',
      severity,
      from: {},
      to: { path: '^\\.\\./', pathNot: 'node_modules' },
    },
    ...Object.entries(DOORS).map(([name, door]) => ({
      name: `one-door-to-${name}`,
      severity,
      from: { path: '^(src|manifest)/', pathNot: door },
      to: { path: `(^|/)node_modules/${name}/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
}
