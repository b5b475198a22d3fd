import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { accessGuard } from '../../../src/http/access-guard.ts'
import { gatewaysIn } from '../../../src/http/gateways.ts'

const GATEWAY = '172.17.0.1'
const PUBLIC_URL = 'https://films.example.org'

interface Asked {
  readonly from: string
  readonly host?: string
  readonly httpVersion?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly publicUrl?: string
  readonly trusted?: readonly string[]
  readonly mode?: 'lan' | 'open'
}

/** @returns the reason for the refusal, `undefined` if the request may come in */
function refusalOf({ from, host, httpVersion = '1.1', headers, publicUrl, trusted, mode = 'lan' }: Asked) {
  const guard = accessGuard(
    { mode, publicUrl },
    trusted && ((address) => trusted.includes(address)),
    (address) => address === GATEWAY,
  )
  const req = {
    socket: { remoteAddress: from, localAddress: '192.168.1.5' },
    httpVersion,
    headers: { ...(host === undefined ? {} : { host }), ...headers },
  }
  try {
    guard(req as unknown as IncomingMessage)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

const forwarded = (address: string) => ({
  headers: { 'x-forwarded-for': address },
  trusted: [GATEWAY, '127.0.0.1'],
})

test.for<Asked>([
  { from: '127.0.0.1', host: 'localhost:7000' },
  { from: '127.0.0.1' },
  { from: '127.0.0.1', httpVersion: '1.0' },
  { from: '::1', host: '[::1]:7000' },
  { from: '::ffff:127.0.0.1', host: '127.0.0.1:7000' },
  { from: '192.168.1.5', host: '192.168.1.5:7000' },
  { from: GATEWAY, host: '192.168.1.5:7000' },
  { from: GATEWAY, host: 'nas.local' },
  { from: '192.168.1.20', host: '192.168.1.5' },
  { from: '192.168.1.20', host: 'nas' },
  { from: '192.168.1.20', host: 'nas.fritz.box:7000' },
  { from: '192.168.1.20', host: '192.168.1.5', httpVersion: '1.0' },
  { from: 'fe80::1%eth0', host: '[fe80::5]:7000' },
  { from: '192.168.1.20', host: 'films.example.org', publicUrl: PUBLIC_URL },
  { from: '192.168.1.20', host: 'FILMS.example.org:7000', publicUrl: PUBLIC_URL },
  { from: '192.168.1.20', host: '93.184.215.14:7000' },
  { from: '127.0.0.1', host: 'films.example.org', ...forwarded('192.168.1.20') },
  { from: '127.0.0.1', host: 'films.example.org', httpVersion: '1.0', ...forwarded('192.168.1.20') },
  { from: GATEWAY, host: 'films.example.org', ...forwarded('fd12::1') },
  { from: '8.8.8.8', host: 'films.example.org', mode: 'open' },
  { from: '127.0.0.1', host: 'films.example.org', mode: 'open' },
])('the access guard lets in %j', (asked) => {
  expect(refusalOf(asked)).toBeUndefined()
})

test.for<readonly [Asked, words: RegExp]>([
  [
    { from: '127.0.0.1', host: 'films.example.org' },
    /public name "films.example.org".*TRUST_PROXY.*ACCESS=open/,
  ],
  [{ from: '127.8.8.8', host: 'films.example.org:7000' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '::1', host: 'films.example.org' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '::ffff:127.0.0.1', host: 'films.example.org' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '192.168.1.5', host: 'films.example.org' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: '93.184.215.14:7000' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: '[2606:4700::1111]:7000' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: 'films.example.org.' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: 'FILMS.EXAMPLE.ORG' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: 'user@films.example.org' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: '127.0.0.1', host: 'films.example.org', publicUrl: PUBLIC_URL }, /TRUST_PROXY/],
  [{ from: GATEWAY, host: 'films.example.org' }, /TRUST_PROXY.*ACCESS=open/],
  [{ from: `::ffff:${GATEWAY}`, host: 'films.example.org', publicUrl: PUBLIC_URL }, /TRUST_PROXY/],
  [{ from: '127.0.0.1', host: '127.0.0.1:7000', httpVersion: '1.0' }, /HTTP\/1\.0.*TRUST_PROXY/],
  [{ from: GATEWAY, host: 'nas', httpVersion: '1.0' }, /HTTP\/1\.0.*TRUST_PROXY/],
  [{ from: '127.0.0.1', host: 'films.example.org', ...forwarded('127.0.0.1') }, /TRUST_PROXY/],
  [{ from: '127.0.0.1', host: 'films.example.org', ...forwarded(GATEWAY) }, /TRUST_PROXY/],
  [
    { from: '127.0.0.1', trusted: ['127.0.0.1'], headers: { 'x-forwarded-proto': 'https' } },
    /X-Forwarded-For/,
  ],
  [{ from: '127.0.0.1', trusted: ['127.0.0.1'], headers: { via: '1.1 proxy' } }, /X-Forwarded-For/],
  [{ from: '192.168.1.20', host: 'evil.example' }, /PUBLIC_URL/],
  [{ from: '192.168.1.20', host: 'evil.example:7000', publicUrl: PUBLIC_URL }, /PUBLIC_URL/],
  [{ from: '8.8.8.8', host: '192.168.1.5' }, /ACCESS=open/],
])('the access guard refuses %j and says which setting to change', ([asked, words]) => {
  expect(refusalOf(asked)).toMatch(words)
})

test('default gateways are read from the tables of Linux', () => {
  const ipv4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
`
  const zero = '0'.repeat(32)
  const ipv6 = `${zero} 00 ${zero} 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0
fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001 eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200 lo
`
  expect([...gatewaysIn(ipv4, ipv6)]).toEqual(['172.17.0.1', 'fd00::1'])
  for (const nonsense of ['', 'x', '\n\n', 'eth0 00000000', 'eth0 00000000 XYZ 0003'])
    expect([...gatewaysIn(nonsense, nonsense)]).toEqual([])
})
