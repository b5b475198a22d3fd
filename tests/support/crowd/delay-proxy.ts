/**
 * Stands in front of seeders and makes them distant: `node delay-proxy.ts <one-way ms> <port>…` prints the ports to
 * connect to instead, as JSON. Every chunk is passed on in order, that many milliseconds after it arrived; nothing else
 * is slowed down. Connecting cannot be delayed from here, because the kernel answers; instead the client's first bytes
 * wait for the round trip that connecting would have taken.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Held for one direction of one connection; far more than speed × delay on loopback. */
const MAX_HELD_BYTES = 16 * 1024 * 1024

const [oneWayMs = 0, ...targets] = process.argv.slice(2).map(Number)
const ports = await Promise.all(targets.map(listenFor))
process.stdout.write(`${JSON.stringify(ports)}\n`)

async function listenFor(target: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const seeder = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    delay(client, seeder, performance.now() + 2 * oneWayMs)
    delay(seeder, client, 0)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Passes on what one side sends to the other, nothing as if it had been sent before `openAt`. */
function delay(from: Socket, to: Socket, openAt: number): void {
  const held: { readonly dueAt: number; readonly act: () => boolean }[] = []
  let heldBytes = 0
  // Whether a timer is running, or the other side has to read what it got first.
  let isWaiting = false

  const hold = (act: () => boolean) => {
    held.push({ dueAt: Math.max(performance.now(), openAt) + oneWayMs, act })
    if (!isWaiting) handOn()
  }
  function handOn(): void {
    isWaiting = true
    while (held[0] && held[0].dueAt <= performance.now()) {
      if (held.shift()?.act() === false) {
        to.once('drain', handOn)
        return
      }
    }
    if (held[0]) setTimeout(handOn, Math.max(1, held[0].dueAt - performance.now()))
    else isWaiting = false
  }

  from.on('data', (chunk: Buffer) => {
    heldBytes += chunk.length
    if (heldBytes > MAX_HELD_BYTES) from.pause()
    hold(() => {
      heldBytes -= chunk.length
      if (heldBytes <= MAX_HELD_BYTES / 2) from.resume()
      return to.write(chunk)
    })
  })
  from.on('end', () => hold(() => Boolean(to.end())))
  from.on('error', () => hold(() => Boolean(to.destroy())))
  to.on('error', () => undefined)
}
