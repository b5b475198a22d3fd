import { z } from 'zod'

/** A server of others that is asked for streams. */
export interface RemoteServer {
  readonly url: string
  readonly apiKey?: string
  /** everything it is asked goes through here */
  readonly proxy?: string
}

const PROXY = /^(https?|socks5):\/\/[^/\s]+\/?$/i
const PROXY_WORDS = 'the address of a proxy (try proxy=http://10.0.0.5:8080)'

/** Manifests of addons: `https://a.example/manifest.json, https://b.example/x/manifest.json proxy=http://10.0.0.5:8080` */
export function addonList() {
  return serverList(
    'the manifest of an addon (try https://addon.example.org/manifest.json)',
    ['proxy'],
    (url) => (url.pathname.endsWith('/manifest.json') ? { url: url.href } : undefined),
  )
}

/** Torznab addresses: `http://indexer.example:9696/1/api apikey=secret`; `/api` is put behind where it is missing. */
export function indexerList() {
  const words = 'the Torznab address of an indexer (try http://127.0.0.1:9696/1/api)'
  return serverList(words, ['apikey', 'proxy'], (url) => {
    const apiKey = url.searchParams.get('apikey')
    url.searchParams.delete('apikey')
    url.pathname = url.pathname.replace(/\/*(\/api)?\/*$/, '/api')
    return { url: url.href, ...(apiKey ? { apiKey } : {}) }
  })
}

/** Where `/meta/…` is asked for; written with or without `/manifest.json`, and empty for nowhere. */
export function metadataUrl() {
  const words = 'an addon that knows titles (try https://v3-cinemeta.strem.io)'
  return z.string().transform((text, context) => {
    if (text === '') return text
    const url = webUrl(text)
    if (url) return url.href.replace(/\/*(manifest\.json)?$/, '')
    context.addIssue(`"${shown(text)}" is not ${words}`)
    return z.NEVER
  })
}

/**
 * Servers, each with options behind it. A new one begins where a comma or a space is followed by a URL: addons have
 * commas in theirs.
 */
function serverList(words: string, options: readonly string[], read: (url: URL) => RemoteServer | undefined) {
  const readEntry = (entry: string, mistake: (message: string) => void): RemoteServer[] => {
    const [address = '', ...more] = entry.split(/\s+/).map((word) => word.replace(/,+$/, ''))
    const url = webUrl(address)
    const server = url && read(url)
    if (!server) mistake(`"${shown(address)}" is not ${words}`)
    const settings = more.filter(Boolean).map((word) => {
      const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(word) ?? []
      if (!options.includes(name))
        mistake(`"${shown(word)}" is not an option (there is ${options.join('=…, ')}=…)`)
      if (name === 'proxy' && !(PROXY.test(value) && URL.canParse(value)))
        mistake(`"proxy=…" is not ${PROXY_WORDS}`)
      return [name === 'apikey' ? 'apiKey' : name, value]
    })
    return server ? [{ ...server, ...Object.fromEntries(settings) }] : []
  }
  return z.string().transform((text, context) => {
    const entries = text
      .trim()
      .split(/[,\s]+(?=(?:https?|stremio):\/\/)/i)
      .filter(Boolean)
    return entries.flatMap((entry) => readEntry(entry, (message) => context.addIssue(message)))
  })
}

function webUrl(text: string): URL | undefined {
  const url = URL.parse(text.replace(/^stremio:/i, 'https:'))
  if (!url || !/^https?:$/.test(url.protocol)) return undefined
  url.hash = ''
  return url
}

/** As much of a word as tells no secret: keys stand behind "=", in paths, and before "@". */
function shown(word: string): string {
  const url = URL.parse(word)
  if (url?.host) return `${url.protocol}//${url.host}${url.pathname.length > 1 || url.search ? '/…' : ''}`
  return word.replace(/=.*$/s, '=…').slice(0, 60)
}
