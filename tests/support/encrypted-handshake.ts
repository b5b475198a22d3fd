import { createDiffieHellman, createHash } from 'node:crypto'
import type { Socket } from 'node:net'

/** The constants of message stream encryption, known to every BitTorrent client. */
const PRIME =
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563'
const KEY_BYTES = 96

/**
 * Begins an encrypted connection, up to the info hash, and then sends whatever it is given.
 *
 * @param said - sent in the clear after the info hash; an honest peer sends 8 zeros, the encryptions it supports (4
 * bytes), a padding length (2) and padding, the length (2) of the initial payload and that payload
 */
export async function shakeHandsEncrypted(socket: Socket, infoHash: string, said: Uint8Array): Promise<void> {
  const keys = createDiffieHellman(PRIME, 'hex', 2)
  const own = keys.generateKeys()
  socket.write(Buffer.concat([Buffer.alloc(KEY_BYTES - own.length), own]))
  const secret = keys.computeSecret(await firstBytes(socket, KEY_BYTES))
  const skey = Buffer.from(infoHash, 'hex')
  const wanted = sha1('req2', skey)
  const mask = sha1('req3', secret)
  socket.write(
    Buffer.concat([
      sha1('req1', secret),
      wanted.map((byte, index) => byte ^ (mask[index] ?? 0)),
      rc4(sha1('keyA', secret, skey), said),
    ]),
  )
}

function firstBytes(socket: Socket, count: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let have = Buffer.alloc(0)
  socket.once('close', () => reject(new Error(`closed after ${have.length} bytes`)))
  socket.on('data', (bytes) => {
    have = Buffer.concat([have, bytes])
    if (have.length >= count) resolve(have.subarray(0, count))
  })
  return promise
}

function sha1(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** RC4 without its first 1024 bytes; RC4 of the system may be disabled. */
function rc4(key: Uint8Array, text: Uint8Array): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index)
  const at = (index: number) => state[index & 255] ?? 0
  const swap = (i: number, j: number) => {
    const kept = at(i)
    state[i] = at(j)
    state[j] = kept
  }
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + at(i) + (key[i % key.length] ?? 0)) & 255
    swap(i, j)
  }
  let i = 0
  let j = 0
  const next = () => {
    i = (i + 1) & 255
    j = (j + at(i)) & 255
    swap(i, j)
    return at(at(i) + at(j))
  }
  for (let skipped = 0; skipped < 1_024; skipped++) next()
  return Buffer.from(text.map((byte) => byte ^ next()))
}
