import { expect, test } from 'vitest'
import { chooseDelivery, DELIVERY_MODES, detectDevice } from '../../../../src/domain/list/device.ts'
import clients from '../../../fixtures/clients.json' with { type: 'json' }

test.for(clients)('device $client gets $serve', ({ userAgent, secChUa, serve }) => {
  expect(detectDevice({ userAgent, secChUa }).delivery).toBe(serve)
})

test('the table has all clients that were measured', () => {
  expect(clients).toHaveLength(37)
})

test.for([
  [
    "a Xiaomi phone's browser is no TV",
    'Mozilla/5.0 (Linux; U; Android 13; zh-cn; Mi 10 Build/TKQ1.220829.002) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.127 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.3.40',
    'both',
  ],
  [
    'a phone whose name ends like a TV brand is no TV',
    'Mozilla/5.0 (Linux; Android 9; Xiaomi/2107) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114 Mobile Safari/537.36',
    'both',
  ],
  [
    "a Samsung phone's Tizen is no TV",
    'Mozilla/5.0 (Linux; Tizen 2.3) AppleWebKit/537.3 (KHTML, like Gecko) SamsungBrowser/2.0 Mobile Safari/537.3',
    'both',
  ],
  [
    'Firefox on Linux is a browser, not the shell',
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
    'both',
  ],
  [
    'an LG TV that carries QtWebEngine is a TV',
    'Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.2.1 Chrome/38.0 Safari/537.36 WebAppManager',
    'proxy',
  ],
  [
    'a Chromecast is a TV',
    'Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87 Safari/537.36 CrKey/1.56.500000',
    'proxy',
  ],
  [
    'an old iPad is not mistaken for a Mac',
    'Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1',
    'proxy',
  ],
  [
    'an Xbox that calls itself Windows is a console',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90 Safari/537.36 Edge/44',
    'proxy',
  ],
  ['a blank User-Agent counts as missing', '   ', 'magnet'],
  ['an unknown client may choose', 'SomethingNew/1.0', 'both'],
] as const)('%s', ([, userAgent, delivery]) => {
  expect(detectDevice({ userAgent }).delivery).toBe(delivery)
})

test('Stremio for Windows is distinguished from Edge by Sec-CH-UA', () => {
  const userAgent =
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0'
  expect(detectDevice({ userAgent }).delivery).toBe('both')
  expect(detectDevice({ userAgent, secChUa: '"Microsoft Edge";v="140"' }).delivery).toBe('both')
  expect(detectDevice({ userAgent, secChUa: '"Microsoft Edge WebView2";v="140"' }).delivery).toBe('magnet')
})

test('a client that no rule matches is called unknown, and none of the measured ones is', () => {
  expect(detectDevice({ userAgent: 'SomethingNew/1.0' }).rule).toBe('unknown')
  expect(clients.map((client) => detectDevice(client).rule)).not.toContain('unknown')
})

test.for(['magnet', 'proxy', 'both'] as const)(
  'delivery %s in the install URL applies to any device',
  (mode) => {
    for (const delivery of ['magnet', 'proxy', 'both'] as const) {
      expect(chooseDelivery(mode, { rule: 'any', delivery })).toBe(mode)
    }
  },
)

test('delivery "auto" depends on the device', () => {
  expect(chooseDelivery('auto', { rule: 'any', delivery: 'proxy' })).toBe('proxy')
  expect(DELIVERY_MODES).toEqual(['auto', 'magnet', 'proxy', 'both'])
})

test.for(['Tizen', 'X11; Linux', 'X11; Linux Version/1', 'Stremio/1', '('])(
  'a User-Agent of many "%s" is parsed quickly',
  (part) => {
    const startedAt = performance.now()
    detectDevice({ userAgent: part.repeat(16_000 / part.length) })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  },
)
