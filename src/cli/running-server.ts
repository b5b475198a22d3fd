import { isIPv6 } from 'node:net'
import { readConfig } from '../config/config.ts'
import { Failure } from './command.ts'
import { printable } from './print.ts'

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
  const { http, access } = readConfig(process.env)
  const address = `http://${nameOf(http.host)}:${http.port}`

  return {
    async ask<T>(method: string, path: string, body?: Body): Promise<T> {
      if (http.port === 0) throw new Failure('PORT=0 does not say where the server is: give its port in PORT')
      const answer = await fetch(address + path, {
        method,
        headers: {
          ...authorization(access.adminPassword),
          ...(body ? { 'Content-Type': body.type } : {}),
        },
        ...(body ? { body: new Uint8Array(Buffer.from(body.content)) } : {}),
      }).catch((cause: unknown) => {
        throw new Failure(`no server answers at ${address}: is it running, and with the same PORT?`, {
          cause,
        })
      })
      const said = (await answer.json().catch(() => ({}))) as T & { readonly message?: string }
      if (answer.ok) return said
      throw new Failure(
        printable(said.message ?? '') || `${address} answers ${answer.status}, which self-streme does not`,
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

/** Headers hold one letter per byte; the password is sent as UTF-8. */
function authorization(password: string | undefined): { Authorization?: string } {
  return password === undefined ? {} : { Authorization: `Bearer ${Buffer.from(password).toString('latin1')}` }
}
