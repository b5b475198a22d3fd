import { expect, test } from 'vitest'
import { redactSecrets } from '../../src/domain/redact.ts'

test.for([
  ['http://a.org/api?t=caps&apikey=s3cret', 'http://a.org/api?t=caps&apikey=***'],
  ['http://a.org/dl?jackett_apikey=s3cret&path=x', 'http://a.org/dl?jackett_apikey=***&path=x'],
  ['http://a.org/announce?passkey=s3cret', 'http://a.org/announce?passkey=***'],
  [
    'TORZNAB_URL=http://a.org apikey=s3cret, http://b.org',
    'TORZNAB_URL=http://a.org apikey=*** http://b.org',
  ],
  ['"http://a.org/?token=s3cret"', '"http://a.org/?token=***"'],
  ['apikey=s3cret', 'apikey=***'],
  ['socks5://me:s3cret@10.0.0.5:1080', 'socks5://***@10.0.0.5:1080'],
  ['failed: https://s3cret@a.org/x y', 'failed: https://***@a.org/x y'],
] as const)('of "%s" stays "%s"', ([text, expected]) => {
  expect(redactSecrets(text)).toBe(expected)
})

test.for(['http://a.org/?monkeys=5', 'mail me@a.org', 'http://a.org/x@y', 'keyword', ''])(
  '"%s" stays',
  (text) => {
    expect(redactSecrets(text)).toBe(text)
  },
)

test('megabytes take no time', () => {
  for (const text of ['?'.repeat(1e6), '&a'.repeat(5e5), `?${'a'.repeat(1e6)}`, 'http://'.repeat(1e5)])
    expect(redactSecrets(text)).toBe(text)
})
