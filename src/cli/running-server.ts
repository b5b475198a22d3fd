import { isIPv6 } from 'node:net'
import { ownerTokenPath, readOwnerToken } from '../admin/owner-token.ts'
import { readConfig } from '../config/config.ts'
import { messageOf } from '../domain/errors.ts'
import { printableLine } from '../lib/printable.ts'
import { Failure } from './command.ts'

/** Body of a request: JSON, or bytes with a media type. */
export interface Body {
  readonly type: string
  readonly content: string | Uint8Array
}

/** The server on this machine with the same settings. */
export interface RunningServer {
  /** @throws Failure with the server's message, or if there is no server */
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
      throw new Failure(`no server at ${address}: is it running with the same PORT?`, { cause })
    })
  }

  return {
    async ask<T>(method: string, path: string, body?: Body): Promise<T> {
      if (http.port === 0) throw new Failure('with PORT=0 the port of the server is unknown: set PORT to it')
      const secrets = await secretsOf(ownerTokenPath(data), access.adminPassword)
      let answer = await send(method, path, body, secrets.shift())
      while (answer.status === 401 && secrets.length > 0)
        answer = await send(method, path, body, secrets.shift())
      const said = (await answer.json().catch(() => ({}))) as T & { readonly message?: string }
      if (answer.ok) return said
      throw new Failure(
        printableLine(said.message ?? '') ||
          `unexpected status ${answer.status} from ${address}: is it self-streme?`,
      )
    },
  }
}

/** The host by which a server that listens on an address is reached from this machine. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}

/**
 * The secrets that may identify the owner, the most reliable first.
 *
 * @throws Failure when the token cannot be read and there is no other secret
 */
async function secretsOf(tokenPath: string, password: string | undefined): Promise<string[]> {
  const others = password === undefined ? [] : [password]
  try {
    return [await readOwnerToken(tokenPath), ...others]
  } catch (cause) {
    // If there is no token yet, the server's answer says what it expects.
    if (others.length > 0 || (cause as NodeJS.ErrnoException).code === 'ENOENT') return others
    throw new Failure(
      `the owner token ${tokenPath} cannot be read (${messageOf(cause)}): run this as the user of the server, or set ADMIN_PASSWORD`,
      { cause },
    )
  }
}

/** Header values are Latin-1, one character per byte; the password is sent as UTF-8. */
function authorization(secret: string | undefined): { Authorization?: string } {
  return secret === undefined ? {} : { Authorization: `Bearer ${Buffer.from(secret).toString('latin1')}` }
}
