import Wire from 'bittorrent-protocol'

/**
 * Lets all encrypted connections use one Diffie-Hellman object, and so one key of ours. As it comes, each connection
 * makes its own, and with it checks anew that the same number is prime: 20 to 50 ms in which nothing else happens, and
 * for which a stranger has to send 96 bytes. Protocol encryption hides what is spoken and keeps no secret, so nothing
 * is lost with a key that stays.
 */
export function shareKeyExchange(): void {
  const wire = new Wire('tcpIncoming', 1)
  const { _encryptor: encryptor } = wire
  if (!encryptor) throw new Error('the encryption of bittorrent-protocol is not where it was')
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
