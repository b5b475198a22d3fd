import type Wire from 'bittorrent-protocol'

/**
 * Sends all messages that `say` writes to a wire as one chunk. Otherwise each message is a write to the socket, and there
 * is a request for every 16 KiB.
 */
export function corked(wire: Wire, say: () => void): void {
  const messages: Uint8Array[] = []
  wire._push = (message) => messages.push(message) > 0
  try {
    say()
  } finally {
    // Now the prototype's method is visible again.
    Reflect.deleteProperty(wire, '_push')
  }
  if (messages.length > 0)
    wire._push(messages.length === 1 ? (messages[0] as Uint8Array) : Buffer.concat(messages))
}
