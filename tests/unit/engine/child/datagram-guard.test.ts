import dgram, { type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { bencodeOfDht, installDatagramGuard } from '../../../../src/engine/child/datagram-guard.ts'

test('a listener that throws on a datagram still gets the next one', async () => {
  const complaints: string[] = []
  const { createSocket } = dgram
  installDatagramGuard((address, reason) => complaints.push(`${address.split(':')[0]} ${reason}`))
  await using sockets = new AsyncDisposableStack()
  const open = () => {
    const socket: Socket = dgram.createSocket('udp4')
    sockets.defer(() => new Promise<void>((done) => socket.close(done)))
    return socket
  }
  sockets.defer(() => {
    dgram.createSocket = createSocket
  })
  const heard: string[] = []
  const listener = open().on('message', (bytes) => {
    heard.push(bytes.toString())
    if (bytes.toString() === 'bad') throw new Error('I cannot read this')
  })
  listener.bind(0, '127.0.0.1')
  await once(listener, 'listening')
  const sender = open()
  for (const text of ['bad', 'good']) sender.send(text, listener.address().port, '127.0.0.1')
  await expect.poll(() => heard).toEqual(['bad', 'good'])
  expect(complaints).toEqual(['127.0.0.1 I cannot read this'])
})

test("the DHT's own copy of bencode is guarded too", { timeout: 10_000 }, () => {
  // The guard was installed above; without it this never ends.
  expect(() => bencodeOfDht().decode(Buffer.from('l-3:e'))).toThrow(/negative/)
  expect(bencodeOfDht().decode(Buffer.from('li1ee'))).toEqual([1])
})
