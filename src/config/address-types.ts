import { z } from 'zod'
import { trackerHost } from '../domain/bittorrent/tracker-url.ts'
import { isOwnPath, parsePathPrefix } from '../domain/path-prefix.ts'
import { parseIpAddress, writtenVersion } from '../lib/ip-address.ts'
import { pattern, split } from './setting-types.ts'

export function publicUrl() {
  const words = 'the address devices use (try https://films.example.org, or https://example.org/films)'
  const pathOf = (text: string) => parsePathPrefix(text.replace(/^https?:\/\/[^/]+/i, ''))
  return pattern(/^https?:\/\/[^/?#@\\\s]+(?:\/[^?#\\\s]*)?$/i, words)
    .refine((text) => URL.canParse(text) && pathOf(text) !== undefined, {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .refine((text) => !isOwnPath(pathOf(text) ?? ''), {
      error: (issue) =>
        `"${issue.input}" has a path that begins like an address of self-streme's own, so that the two cannot be told apart: choose another path`,
    })
    .transform((text) => new URL(text).origin + pathOf(text))
}

/** What a browser sends in `Origin`: pages without an address send `null`. `*` stands for every site. */
export function origin() {
  const words = 'an origin (try https://player.example.org, or * for every site)'
  return pattern(/^(\*|null|file:\/\/|[a-z][a-z\d+.-]*:\/\/[^/?#@\\\s]+\/?)$/i, words)
    .refine((text) => !/^https?:\/\/[^/]/i.test(text) || URL.canParse(text), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform((text) =>
      /^https?:/i.test(text) ? new URL(text).origin : text.toLowerCase().replace(/([^/])\/$/, '$1'),
    )
}

export function pathPrefix() {
  return pattern(/^(\/[\w~-][\w.~-]*)+\/?$/, 'a path of the proxy (try /_media)').transform((text) =>
    text.replace(/\/$/, ''),
  )
}

export function trackerUrl() {
  const words = 'a tracker (try udp://tracker.example.org:1337/announce)'
  return pattern(/^/, words).refine((text) => trackerHost(text) !== undefined, {
    error: (issue) => `"${issue.input}" is not ${words}`,
  })
}

/** Addresses of proxies, or how many there are, in the form of Express's `trust proxy`. */
export function trustedProxies() {
  const words = 'a list of proxy addresses (try loopback or 10.0.0.0/8), or a number of proxies'
  const isCount = (text: string) => /^[1-9]$/.test(text)
  return z
    .string()
    .refine((text) => isCount(text) || (split(text).length > 0 && split(text).every(isProxy)), {
      error: (issue) => `"${issue.input}" is not ${words}`,
    })
    .transform((text) => (isCount(text) ? Number(text) : split(text)))
}

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || parseIpAddress(host)?.range === 'loopback'
}

/** An address, a network such as `10.0.0.0/8`, or one of Express's names for networks. */
function isProxy(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [, address = '', prefix] = /^([^/]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? []
  const version = writtenVersion(address)
  if (version === undefined) return false
  return prefix === undefined || Number(prefix) <= (version === 4 ? 32 : 128)
}
