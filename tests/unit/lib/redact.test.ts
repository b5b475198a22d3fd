import { expect, test } from 'vitest'
import { redactSecrets, redactTrackers } from '../../../src/lib/redact.ts'

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
] as const)('secrets are removed from "%s", which leaves "%s"', ([text, expected]) => {
  expect(redactSecrets(text)).toBe(expected)
})

test.for(['http://a.org/?monkeys=5', 'mail me@a.org', 'http://a.org/x@y', 'keyword', ''])(
  '"%s" has no secrets and stays as it is',
  (text) => {
    expect(redactSecrets(text)).toBe(text)
  },
)

test('text of megabytes is redacted quickly', () => {
  for (const text of ['?'.repeat(1e6), '&a'.repeat(5e5), `?${'a'.repeat(1e6)}`, 'http://'.repeat(1e5)])
    expect(redactSecrets(text)).toBe(text)
})

test.for<[text: string, told: string]>([
  [
    'Non-200 response code 403 from http://t.example.org/0f3c5a7e/announce',
    'Non-200 response code 403 from http://t.example.org',
  ],
  ['unknown key 0f3c5a7e', 'unknown key ***'],
  [
    'Invalid tracker response fromhttps://t.example.org:8443/a?passkey=0f3c5a7e',
    'Invalid tracker response fromhttps://t.example.org:8443',
  ],
  ['ask "udp://t.example.org:1337/0f3c5a7e" again', 'ask "udp://t.example.org:1337" again'],
  ['wss://u.example.org/elsewhere and session.77 of it', 'wss://u.example.org and *** of it'],
  ['announce refused', 'announce refused'],
  ['the torrent is not registered', 'the torrent is not registered'],
])('the tracker message %j is logged as %j', ([text, told]) => {
  const trackers = [
    'http://t.example.org/0f3c5a7e/announce',
    'https://t.example.org:8443/a?passkey=0f3c5a7e&s=session.77',
    'udp://t.example.org:1337',
  ]
  expect(redactTrackers(text, trackers)).toBe(told)
})
