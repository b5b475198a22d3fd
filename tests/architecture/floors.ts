import type { IConfiguration } from 'dependency-cruiser'

/**
 * Who may import whom, as src/README.md draws it: every floor looks only downward, and each outside package has one
 * door.
 */
const severity = 'error' as const
const floors = [
  'domain|observe|files',
  'config|engine|torrents|cache|library|sources|media|security',
  'streaming|addon|admin|predownload',
  'http',
]

/** Packages that only one place may know. */
const doors = {
  webtorrent: '^src/engine/child/',
  'bittorrent-protocol': '^src/engine/child/',
  express: '^src/http/',
  'stremio-addon-sdk': '^src/addon/|^manifest/',
  winston: '^src/observe/log\\.ts$',
  'ua-parser-js': '^src/domain/device\\.ts$',
  bencode: '^src/domain/bencoding\\.ts$',
  'create-torrent': '^src/cache/import/make-torrent\\.ts$',
  undici: '^src/sources/guarded-',
  'fast-xml-parser': '^src/sources/torznab-xml\\.ts$',
  '@viren070/parse-torrent-title': '^src/domain/release-name\\.ts$',
}

export const floorRules: IConfiguration = {
  forbidden: [
    { name: 'no-cycles', severity, from: {}, to: { circular: true } },
    ...floors.map((floor, index) => ({
      name: `floor-${index}-looks-up`,
      severity,
      from: { path: `^src/(${floor})/` },
      to: {
        path: [
          `^src/(${floors
            .slice(index + 1)
            .concat('cli')
            .join('|')})/`,
          '^src/[^/]+\\.ts$',
        ],
      },
    })),
    {
      name: 'parts-are-strangers',
      comment: 'a part may know the types of another part’s port, and nothing else of it',
      severity,
      from: { path: `^src/(${floors[1]})/` },
      to: { path: `^src/(${floors[1]})/`, pathNot: '^src/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'http-knows-parts-by-type',
      severity,
      from: { path: '^src/http/' },
      to: { path: `^src/(${floors[1]})/`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'streaming-serves-the-others',
      severity,
      from: { path: '^src/streaming/' },
      to: { path: '^src/(addon|admin|predownload)/' },
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
      name: 'nothing-reaches-outside-the-project',
      severity,
      from: {},
      to: { path: '^\\.\\./', pathNot: 'node_modules' },
    },
    ...Object.entries(doors).map(([name, door]) => ({
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
