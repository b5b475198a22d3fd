import { isIPv6 } from 'node:net'
import { ownerTokenPath, readOwnerToken } from '../admin/owner-token.ts'
import { readConfig } from '../config/config.ts'
import { messageOf } from '../domain/errors.ts'
import { printableLine } from '../lib/printable.ts'
import { Failure } from './command.ts'

/** What is sent with a request: JSON, or bytes of a kind. */
export interface Body {
  readonly type: string
  readonly content: string | Uint8Array
}

/** The server that runs on this machine with the same settings. */
export interface RunningServer {
  /** @throws Failure in the server's own words, or when there is none */
  ask<T>(method: string, path: string, body?: Body): Promise<T>
}

/** @throws ConfigError */
export function runningServer(): RunningServer {
  const { http, access, data } = readConfig(process.env)
  const address = `http://${nameOf(http.host)}:${http.port}`

  async function send(method: string, path: string, body?: Body, secret?: string): Promise<Response> {
    return fetch(address + path, {
      method,
      headers: {
        ...authorization(secret),
        ...(body ? { 'Content-Type': body.type } : {}),
      },
      ...(body ? { body: new Uint8Array(Buffer.from(body.content)) } : {}),
    }).catch((cause: unknown) => {
      throw new Failure(`no server answers at ${address}: is it running, and with the same PORT?`, { cause })
    })
  }

  return {
    async ask<T>(method: string, path: string, body?: Body): Promise<T> {
      if (http.port === 0) throw new Failure('PORT=0 does not say where the server is: give its port in PORT')
      const secrets = await secretsOf(ownerTokenPath(data), access.adminPassword)
      let answer = await send(method, path, body, secrets.shift())
      while (answer.status === 401 && secrets.length > 0)
        answer = await send(method, path, body, secrets.shift())
      const said = (await answer.json().catch(() => ({}))) as T & { readonly message?: string }
      if (answer.ok) return said
      throw new Failure(
        printableLine(said.message ?? '') ||
          `${address} answers ${answer.status}, which self-streme does not`,
      )
    },
  }
}

/** Where a server that listens on an address can be reached from this machine. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}

/**
 * What may prove the owner, the surest first.
 *
 * @throws Failure when the token may not be read and there is nothing else
 */
async function secretsOf(tokenPath: string, password: string | undefined): Promise<string[]> {
  const others = password === undefined ? [] : [password]
  try {
    return [await readOwnerToken(tokenPath), ...others]
  } catch (cause) {
    // Where there is none yet, the server says what it expects.
    if (others.length > 0 || (cause as NodeJS.ErrnoException).code === 'ENOENT') return others
    throw new Failure(
      `the token of the owner in ${tokenPath} cannot be read (${messageOf(cause)}): run this as the user that the server runs as, or set ADMIN_PASSWORD`,
      { cause },
    )
  }
}

/** Headers hold one letter per byte; a password is sent as UTF-8. */
function authorization(secret: string | undefined): { Authorization?: string } {
  return secret === undefined ? {} : { Authorization: `Bearer ${Buffer.from(secret).toString('latin1')}` }
}
