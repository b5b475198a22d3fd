import { expect, test } from 'vitest'
import { StrangerNames } from '../../src/engine/child/stranger-names.ts'
import { startDnsServer } from '../support/dns-server.ts'

const nothing = async () => {
  throw new Error('getaddrinfo was asked')
}

test('a name that no server resolves fails in time, and at once when it is requested again', async () => {
  await using dns = await startDnsServer()
  const names = new StrangerNames({ servers: [dns.address], systemLookup: nothing, withinMs: 500 })
  const begun = performance.now()
  await expect(names.lookup('dead.example.org')).rejects.toHaveProperty('code')
  expect(performance.now() - begun).toBeLessThan(4_500)
  const queries = dns.asked.length
  expect(queries).toBeGreaterThan(0)

  await expect(names.lookup('dead.example.org')).rejects.toHaveProperty('code')
  expect(dns.asked.length).toBe(queries)
})

test('16 names are looked up at a time, each once, and another when one has failed', async () => {
  await using dns = await startDnsServer({ 'alive.example.org': '8.8.8.8' })
  const names = new StrangerNames({ servers: [dns.address], systemLookup: nothing, withinMs: 500 })
  const dead = Array.from({ length: 20 }, (_, index) => `dead${index}.example.org`)
  const lookups = [...dead, ...dead].map((name) => names.lookup(name).catch(() => undefined))
  await expect.poll(() => new Set(dns.asked).size).toBe(16)

  // It waits for those before it only.
  const found = await names.lookup('alive.example.org')
  expect(found).toEqual([{ address: '8.8.8.8', family: 4 }])
  expect(new Set(dns.asked).size).toBeGreaterThan(16)
  await Promise.all(lookups)
  expect(new Set(dns.asked)).toEqual(new Set([...dead, 'alive.example.org']))
})

test('results are cached, and every failure is a new error object', async () => {
  await using dns = await startDnsServer({ 'alive.example.org': '8.8.8.8', 'none.example.org': null })
  const names = new StrangerNames({ servers: [dns.address], systemLookup: nothing, withinMs: 500 })
  await names.lookup('alive.example.org')
  const queries = dns.asked.length
  await names.lookup('alive.example.org')
  expect(dns.asked.length).toBe(queries)

  const failures = await Promise.all(
    [1, 2].map(() => names.lookup('none.example.org').catch((error: Error) => error)),
  )
  expect(failures).toMatchObject([{ code: 'ENOTFOUND' }, { code: 'ENOTFOUND' }])
  expect(failures[0]).not.toBe(failures[1])
})

test('without a DNS server the system is asked, one name at a time', async () => {
  const dns = await startDnsServer()
  await dns[Symbol.asyncDispose]()
  let asking = 0
  let most = 0
  const names = new StrangerNames({
    servers: [dns.address],
    async systemLookup() {
      most = Math.max(most, ++asking)
      await new Promise((done) => setTimeout(done, 20))
      asking--
      return [{ address: '8.8.8.8', family: 4 }]
    },
  })
  const found = await Promise.all(['a', 'b', 'c'].map((name) => names.lookup(`${name}.example.org`)))
  expect(found.flat().map(({ address }) => address)).toEqual(['8.8.8.8', '8.8.8.8', '8.8.8.8'])
  expect(most).toBe(1)
})
