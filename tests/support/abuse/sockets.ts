import { connect, type Socket } from 'node:net'

/** Connections of an attacker. Above its limit the oldest is closed. */
export class Sockets implements Disposable {
  readonly #port: number
  readonly #most: number
  readonly #open = new Set<Socket>()

  constructor(url: string, most: number) {
    this.#port = Number(new URL(url).port)
    this.#most = most
  }

  /** The number of connections that the server has not closed. */
  get count(): number {
    return this.#open.size
  }

  /** Connects and writes; the answer is read only if requested. */
  send(bytes: string | Uint8Array, from: string, isRead = false): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress: from })
    socket.on('error', () => undefined).on('close', () => this.#open.delete(socket))
    if (isRead) socket.resume()
    else socket.pause()
    socket.write(bytes)
    this.#open.add(socket)
    for (const oldest of this.#open) {
      if (this.#open.size <= this.#most) break
      this.#open.delete(oldest)
      oldest.destroy()
    }
    return socket
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.destroy()
  }
}
