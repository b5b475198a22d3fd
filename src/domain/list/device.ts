import { UAParser } from 'ua-parser-js'

/** How a stream reaches a device: it fetches the torrent itself, we fetch it, or the viewer may choose. */
export type Delivery = 'magnet' | 'proxy' | 'both'

/** What an install URL may say; `auto` leaves it to the request's headers. */
export type DeliveryMode = Delivery | 'auto'

export const DELIVERY_MODES: readonly DeliveryMode[] = ['auto', 'magnet', 'proxy', 'both']

/** The headers that say who asks. */
export interface ClientHeaders {
  readonly userAgent: string
  readonly secChUa?: string | undefined
}

export interface Device {
  /** the rule that matched, for logs; `unknown` when none did */
  readonly rule: string
  readonly delivery: Delivery
}

/** No device has more to say of itself. */
const MOST_LETTERS = 500

type Rule = readonly [name: string, matches: (client: ClientHeaders) => boolean, delivery: Delivery]

const userAgent = (pattern: RegExp) => (client: ClientHeaders) => pattern.test(client.userAgent)

/**
 * The first that matches decides, so the special come before the general. A client that can play a torrent only
 * sometimes (a browser beside Stremio's service, an app that exists for Android and iOS) gets both.
 */
const RULES: readonly Rule[] = [
  // Stremio for Android sends no User-Agent at all.
  ['stremio-android', ({ userAgent }) => userAgent.trim() === '', 'magnet'],
  ['stremio-android-old', userAgent(/^Stremio\/[\d.]+ .*Dalvik\//), 'magnet'],
  ['android-http', userAgent(/^(okhttp|Dalvik)\//i), 'magnet'],
  ['stremio-mac', userAgent(/^Stremio-Apple\/\S+ \([^;]*; macOS/), 'both'],
  ['stremio-apple', userAgent(/^Stremio-Apple\//), 'proxy'],
  // LG TVs may carry QtWebEngine, so TVs come before desktop shells.
  [
    'tv',
    userAgent(
      /\b(Web0S|webOS\.TV|Tizen.*TV|SMART-?TV|VIDAA|TitanOS|NETTV|OMI\/|SmartTvA|HbbTV|CrKey|Roku|AppleTV)/i,
    ),
    'proxy',
  ],
  ['console', userAgent(/PlayStation|Xbox|Nintendo/), 'proxy'],
  ['stremio-desktop', userAgent(/StremioShell|QtWebEngine/), 'magnet'],
  ['stremio-windows', ({ secChUa }) => /Microsoft Edge WebView2/.test(secChUa ?? ''), 'magnet'],
  ['iphone', userAgent(/iPhone|iPad|iPod|CFNetwork\//), 'proxy'],
  // Stremio's shell on Linux is WebKitGTK, and hardly anyone else is Safari on Linux.
  ['stremio-linux', userAgent(/X11; Linux.* Version\/[\d.]+ Safari\//), 'magnet'],
  ['app', userAgent(/^(Nuvio|NuvioMobile|Streamlet|Kodi)\//), 'both'],
  // An aggregator or a script: the device behind it is not to be seen.
  [
    'program',
    userAgent(/^(AIOStreams|python-|node$|node-fetch|undici|axios|curl|Wget|Go-http-client)/i),
    'both',
  ],
  ['browser', (client) => isBrowser(client.userAgent), 'both'],
]

/** Who asks, and what such a device can play. */
export function detectDevice({ userAgent, secChUa }: ClientHeaders): Device {
  const client = { userAgent: userAgent.slice(0, MOST_LETTERS), secChUa: secChUa?.slice(0, MOST_LETTERS) }
  const rule = RULES.find(([, matches]) => matches(client))
  return rule ? { rule: rule[0], delivery: rule[2] } : { rule: 'unknown', delivery: 'both' }
}

/** What to answer: the install URL's word where it says one, else the device's. */
export function chooseDelivery(mode: DeliveryMode, device: Device): Delivery {
  return mode === 'auto' ? device.delivery : mode
}

function isBrowser(text: string): boolean {
  const { browser, os } = new UAParser(text).getResult()
  return browser.name !== undefined && os.name !== undefined
}
