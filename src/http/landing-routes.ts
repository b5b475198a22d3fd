import { readFileSync } from 'node:fs'
import { Router } from 'express'
import { writeListOptions } from '../domain/list/list-options.ts'
import type { BaseUrlOf } from './base-url.ts'
import { answeredByMethod, answerMethods } from './cors.ts'
import { readListOptions } from './read-list-options.ts'

const PICTURES = ['logo.svg', 'background.svg'] as const

/** The start page, with links to install the addon. */
export function landingRoutes(version: string, baseUrlOf: BaseUrlOf): Router {
  const router = Router()
  const methods = 'GET, HEAD, OPTIONS'
  router.all(['/', '/configure', '/:config/configure'], (req, res, next) => {
    const options = readListOptions(req.params.config as string | undefined)
    if (!options) return next()
    if (answeredByMethod(methods, req, res)) return
    res.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'")
    res
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(page(baseUrlOf(req), version, writeListOptions(options)))
  })
  for (const picture of PICTURES) {
    const svg = readFileSync(new URL(`../../manifest/${picture}`, import.meta.url))
    router.all(`/${picture}`, answerMethods(methods), (_req, res) => {
      res.set('Cache-Control', 'public, max-age=86400').type('svg').send(svg)
    })
  }
  return router
}

/**
 * @param baseUrl - an origin with an optional path, checked to need no HTML escaping
 * @param config - address segment, checked likewise
 */
function page(baseUrl: string, version: string, config?: string): string {
  const manifest = [baseUrl, ...(config === undefined ? [] : [encodeURI(config)]), 'manifest.json'].join('/')
  const { pathname } = new URL(`${baseUrl}/logo.svg`)
  const modes = [
    ['proxy', 'always a video from this server'],
    ['magnet', 'always the torrent'],
    ['both', 'both, to choose from'],
  ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>self-streme</title>
<style>
  body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; background: #1b1236; color: #eee }
  a { color: #b79cff } code { background: #2c2052; padding: .15em .4em; border-radius: .3em; overflow-wrap: anywhere }
  .button { display: inline-block; background: #8a5cf6; color: #fff; padding: .6em 1.4em; border-radius: .5em; text-decoration: none }
</style>
<img src="${pathname}" alt="" width="96" height="96">
<h1>self-streme ${version}</h1>
<p><a class="button" href="${manifest.replace(/^https?:/, 'stremio:')}">Install in Stremio</a></p>
<p>Or paste this address into the search field of Stremio's addon page:<br><code>${manifest}</code></p>
${isOnlyForThisMachine(baseUrl) ? '<p>This address works on this machine and in your own network. Stremio on other devices usually needs an address that begins with <code>https://</code>: see README.</p>' : ''}
<p>One address serves all your devices: each gets what it can play. To decide it yourself, install one of these instead:</p>
<ul>${modes.map(([mode, meaning]) => `<li><code>${baseUrl}/${mode}/manifest.json</code><br>${meaning}</li>`).join('')}</ul>
</html>
`
}

function isOnlyForThisMachine(baseUrl: string): boolean {
  return baseUrl.startsWith('http:')
}
