import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OWNER_PASSWORD } from '../support/owner.ts'
import { type Answer, send } from '../support/send.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
beforeEach(async () => {
  app = await startTestApp({ TRUST_PROXY: 'loopback' })
})
afterEach(() => app[Symbol.asyncDispose]())

function ask(secret: string, from: string): Promise<Answer> {
  const headers = { Authorization: `Bearer ${secret}`, 'X-Forwarded-For': from }
  return send(`${app.url}/api/torrents`, { headers })
}

test('after ten wrong passwords a client has to wait, and the answer says how long', async () => {
  for (let n = 0; n < 10; n++) expect((await ask(`wrong ${n}`, '192.168.1.20')).status).toBe(401)
  for (const secret of ['wrong again', OWNER_PASSWORD]) {
    const answer = await ask(secret, '192.168.1.20')
    expect(answer.status).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50)
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60)
    expect(answer.json).toMatchObject({ error: 'access.too_many_guesses', message: expect.any(String) })
    expect(answer.text).not.toContain(OWNER_PASSWORD)
  }
  expect((await ask(OWNER_PASSWORD, '192.168.1.21')).status).toBe(200)
})

test('wrong passwords for all paths of the owner count together, and other requests do not count', async () => {
  const headers = { Authorization: 'Bearer wrong', 'X-Forwarded-For': '192.168.1.20' }
  for (let n = 0; n < 5; n++) {
    await send(`${app.url}/api/nothing`, { headers })
    await send(`${app.url}/admin/cleanup`, { method: 'POST', headers })
  }
  expect((await ask(OWNER_PASSWORD, '192.168.1.20')).status).toBe(429)
  expect((await send(`${app.url}/manifest.json`, { headers })).status).toBe(200)
  const without = { 'X-Forwarded-For': '192.168.1.21' }
  for (let n = 0; n < 30; n++)
    expect((await send(`${app.url}/api/torrents`, { headers: without })).status).toBe(401)
  expect((await ask(OWNER_PASSWORD, '192.168.1.21')).status).toBe(200)
})

test('the addresses of one IPv6 network count as one client', async () => {
  for (let n = 0; n < 10; n++) expect((await ask('wrong', `fd12:0:0:1::${n}`)).status).toBe(401)
  expect((await ask(OWNER_PASSWORD, 'fd12:0:0:1:2:3:4:5')).status).toBe(429)
  expect((await ask(OWNER_PASSWORD, 'fd12:0:0:2::1')).status).toBe(200)
})

test('while many clients guess together each has one guess, and the owner gets in', async () => {
  const answers = { 401: 0, 429: 0 } as Record<number, number>
  for (let n = 0; n < 400; n++) {
    const { status } = await ask('wrong', `10.0.0.${n % 20}`)
    answers[status] = (answers[status] ?? 0) + 1
  }
  expect(answers[401]).toBeGreaterThanOrEqual(100)
  expect(answers[401]).toBeLessThanOrEqual(130)
  expect((await ask('wrong', '10.0.1.1')).status).toBe(401)
  expect((await ask('wrong', '10.0.1.1')).status).toBe(429)
  expect((await ask(OWNER_PASSWORD, '192.168.1.20')).status).toBe(200)
})

test('a client with the token is not locked out by guesses from the same address', async () => {
  const token = (await readFile(join(app.folder, '.self-streme.token'), 'utf8')).trim()
  for (let n = 0; n < 12; n++) await ask('wrong', '127.0.0.1')
  expect((await ask(OWNER_PASSWORD, '127.0.0.1')).status).toBe(429)
  expect((await ask(token, '127.0.0.1')).status).toBe(200)
})
