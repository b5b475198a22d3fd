/** `npm run docs`: writes docs/settings.md from the table in settings.ts. A test compares the two. */
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { SETTINGS } from '../../src/config/settings.ts'

type Name = keyof typeof SETTINGS.shape

interface Section {
  readonly title: string
  readonly names: readonly Name[]
  /** Markdown below the table */
  readonly more?: string
}

export const SETTINGS_PAGE = new URL('../../docs/settings.md', import.meta.url)

const INTRO = `# Settings

<!-- Written by \`npm run docs\` from src/config/settings.ts: change the text there, or in tests/support/settings-page.ts. -->

Set them in the environment, or in a file \`.env\` in the folder that the server is started in. The environment wins. All
mistakes are reported together at the start, and the server does not start with one.

- An empty value is a value: \`TORRENT_TRACKERS=\` means no trackers.
- Switches are \`true\`, \`false\`, \`1\` or \`0\`. Sizes are bytes, or \`500MB\`, \`50GB\`, \`1.5TB\`, \`512MiB\`.
- Lists are separated by commas.
`

const SECTIONS: readonly Section[] = [
  {
    title: 'Server',
    names: [
      'PORT',
      'HOST',
      'PUBLIC_URL',
      'TRUST_PROXY',
      'ACCEL_PREFIX',
      'DATA_PATH',
      'LOG_LEVEL',
      'LOG_FORMAT',
    ],
    more: `See [reverse proxies](reverse-proxies.md). Of many events of one kind, the log writes ten a minute and counts the others.`,
  },
  {
    title: 'Who may use it',
    names: ['ACCESS', 'CORS_ORIGINS', 'ADMIN_PASSWORD'],
    more: `**\`ACCESS=open\` lets in everyone who knows the address.** There are no access tokens yet. Every client can search, play
and have the server download; the owner's API needs the token or the password in any case
([API](api-and-cli.md#the-owner)).

\`ACCESS=lan\` tells devices in your network by their address, and that proves nothing behind NAT: see
[who comes in](reverse-proxies.md#who-comes-in). What web pages may do is in [api-and-cli.md](api-and-cli.md#web-pages).`,
  },
  {
    title: 'Films and sources',
    names: [
      ...(['MEDIA_PATH', 'FILMS_FILE', 'UPSTREAM_ADDONS', 'TORZNAB_URL', 'TORZNAB_API_KEY'] as const),
      ...(['METADATA_URL', 'SOURCE_TIMEOUT', 'WATCH_PATH', 'PREDOWNLOAD'] as const),
    ],
    more: `See [sources](sources.md), [library and import](library-and-import.md) and
[predownload](cache-and-disk.md#predownload).`,
  },
  {
    title: 'Disk',
    names: [
      ...(['TORRENT_DOWNLOAD_PATH', 'TORRENT_EXTRA_PATHS', 'CACHE_MAX_SIZE', 'CACHE_MIN_FREE'] as const),
      ...(['TORRENT_CLEANUP_INTERVAL', 'TORRENT_CLEANUP_ON_SHUTDOWN'] as const),
    ],
    more: `See [cache and disk](cache-and-disk.md).`,
  },
  {
    title: 'Playing',
    names: ['TORRENT_TIMEOUT', 'TORRENT_MAX_RETRIES', 'STREAM_STALL_TIMEOUT', 'TORRENT_MAX_CONNECTIONS'],
  },
  {
    title: 'BitTorrent',
    names: [
      ...([
        'TORRENT_PORT',
        'TORRENT_TRACKERS',
        'TORRENT_DHT',
        'TORRENT_PEX',
        'TORRENT_LSD',
        'TORRENT_UTP',
      ] as const),
      ...(['TORRENT_WEBRTC', 'TORRENT_NAT', 'TORRENT_ENCRYPTION', 'TORRENT_PEERS', 'TORRENT_DIALS'] as const),
      ...(['TORRENT_DOWNLOAD_LIMIT', 'TORRENT_UPLOAD_LIMIT', 'TORRENT_SEED'] as const),
    ],
    more: `Peers on your own network are found only through \`TORRENT_LSD\`, and through trackers there that \`TORRENT_TRACKERS\`
names; trackers and peers on the internet cannot lead the server into your network. Private torrents use their own trackers
only ([private torrents](sources.md#private-torrents)).`,
  },
]

/** Defaults that are not shown as their parsed value. */
const DEFAULTS: Partial<Record<Name, string>> = {
  PUBLIC_URL: 'from the request',
  TORRENT_TRACKERS: 'a built-in list',
  CACHE_MIN_FREE: '`1GB`',
  PREDOWNLOAD: '`off`',
}

/** @throws Error for a setting that is in no section */
export function settingsPage(): string {
  const shown = new Set(SECTIONS.flatMap(({ names }) => names))
  const left = Object.keys(SETTINGS.shape).filter((name) => !shown.has(name as Name))
  if (left.length > 0) throw new Error(`tests/support/settings-page.ts has no section for ${left.join(', ')}`)
  return [INTRO, ...SECTIONS.map(sectionOf)].join('\n')
}

function sectionOf({ title, names, more }: Section): string {
  const rows = names.map(
    (name) => `| \`${name}\` | ${defaultOf(name)} | ${SETTINGS.shape[name].description} |`,
  )
  return [
    `## ${title}`,
    '',
    '| name | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
    ...(more === undefined ? [] : [more, '']),
  ].join('\n')
}

function defaultOf(name: Name): string {
  const written = DEFAULTS[name]
  if (written !== undefined) return written
  const value: unknown = SETTINGS.shape[name].parse(undefined)
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  const isHere = String(value).startsWith(process.cwd())
  return `\`${isHere ? `./${relative(process.cwd(), String(value))}` : String(value)}\``
}

if (import.meta.main) writeFileSync(SETTINGS_PAGE, settingsPage())
