import Wire from 'bittorrent-protocol'

/**
 * Lets all encrypted connections share one Diffie-Hellman object, and so one key. By default, each connection makes its
 * own and tests the same number for primality, which blocks the process for 20 to 50 ms and can be triggered with 96
 * bytes. Protocol encryption only obfuscates the traffic, so a key that is reused loses nothing.
 */
export function shareKeyExchange(): void {
  const wire = new Wire('tcpIncoming', 1)
  const { _encryptor: encryptor } = wire
  if (!encryptor) throw new Error('bittorrent-protocol has changed: its encryption was not found')
  let shared: object | undefined
  const own = Object.getOwnPropertyDescriptor(encryptor.constructor.prototype, 'dh')
  Object.defineProperty(encryptor.constructor.prototype, 'dh', {
    get(this: object): unknown {
      shared ??= own?.get?.call(this) as object
      return shared
    },
  })
  wire.destroy()
}
