import { UAParser } from 'ua-parser-js'

/** How a stream reaches a device: it fetches the torrent itself, we fetch it, or the viewer chooses. */
export type Delivery = 'magnet' | 'proxy' | 'both'

/** The mode in an install URL; `auto` decides by the request's headers. */
export type DeliveryMode = Delivery | 'auto'

export const DELIVERY_MODES: readonly DeliveryMode[] = ['auto', 'magnet', 'proxy', 'both']

/** The headers that identify a device. */
export interface ClientHeaders {
  readonly userAgent: string
  readonly secChUa?: string | undefined
}

export interface Device {
  /** the rule that matched, for logs; `unknown` when none did */
  readonly rule: string
  readonly delivery: Delivery
}

/** No device sends longer headers. */
const MAX_LENGTH = 500

type Rule = readonly [name: string, matches: (client: ClientHeaders) => boolean, delivery: Delivery]

const userAgent = (pattern: RegExp) => (client: ClientHeaders) => pattern.test(client.userAgent)

/**
 * The first match decides, so special rules come before general ones. A client that can play torrents only in some
 * setups (a browser next to Stremio's service, an app for both Android and iOS) gets both.
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
  // Stremio's shell on Linux is WebKitGTK, and there are hardly other Safaris on Linux.
  ['stremio-linux', userAgent(/X11; Linux.* Version\/[\d.]+ Safari\//), 'magnet'],
  ['app', userAgent(/^(Nuvio|NuvioMobile|Streamlet|Kodi)\//), 'both'],
  // An aggregator or a script: the device behind it is unknown.
  [
    'program',
    userAgent(/^(AIOStreams|python-|node$|node-fetch|undici|axios|curl|Wget|Go-http-client)/i),
    'both',
  ],
  ['browser', (client) => isBrowser(client.userAgent), 'both'],
]

/** The device, and what it can play. */
export function detectDevice({ userAgent, secChUa }: ClientHeaders): Device {
  const client = { userAgent: userAgent.slice(0, MAX_LENGTH), secChUa: secChUa?.slice(0, MAX_LENGTH) }
  const rule = RULES.find(([, matches]) => matches(client))
  return rule ? { rule: rule[0], delivery: rule[2] } : { rule: 'unknown', delivery: 'both' }
}

/** The delivery: the install URL's mode, or for `auto` the device's. */
export function chooseDelivery(mode: DeliveryMode, device: Device): Delivery {
  return mode === 'auto' ? device.delivery : mode
}

function isBrowser(text: string): boolean {
  const { browser, os } = new UAParser(text).getResult()
  return browser.name !== undefined && os.name !== undefined
}
