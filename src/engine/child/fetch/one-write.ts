import type Wire from 'bittorrent-protocol'

/**
 * Sends what `say` makes a wire say as one chunk. Each message would else be a write to the socket of its own, and
 * there is one for every 16 KiB.
 */
export function inOneWrite(wire: Wire, say: () => void): void {
  const messages: Uint8Array[] = []
  wire._push = (message) => messages.push(message) > 0
  try {
    say()
  } finally {
    // The prototype's is back in its place.
    Reflect.deleteProperty(wire, '_push')
  }
  if (messages.length > 0)
    wire._push(messages.length === 1 ? (messages[0] as Uint8Array) : Buffer.concat(messages))
}
