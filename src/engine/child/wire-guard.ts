import Wire from 'bittorrent-protocol'
import { messageOf } from '../../domain/errors.ts'

/** The longest message an honest peer sends: a block of 128 KiB, a bitfield, an extension message; with room to spare. */
const MAX_MESSAGE_BYTES = 1024 * 1024 + 64

/** Bytes of the messages that have one length only, by their id (BEP 3, BEP 5, BEP 6). */
const LENGTHS: Readonly<Record<number, number>> = {
  0: 1, // choke
  1: 1, // unchoke
  2: 1, // interested
  3: 1, // not interested
  4: 5, // have
  6: 13, // request
  8: 13, // cancel
  9: 3, // port
  13: 5, // suggest
  14: 1, // have all
  15: 1, // have none
  16: 13, // reject
  17: 5, // allowed fast
}

/**
 * Makes a malformed message cost the peer its connection, and nothing else. As it comes, bittorrent-protocol 5.0.9
 * buffers whatever length a peer announces (up to 4 GiB), and an exception in a message handler, which three kinds
 * of `ut_metadata` message cause, ends the process.
 *
 * Call it before the first connection.
 *
 * @param onHostile - told why a peer was dropped
 */
export function installWireGuard(onHostile: (address: string, reason: string) => void): void {
  const { _onMessageLength: readLength, _onMessage: readMessage } = Wire.prototype

  Wire.prototype._onMessageLength = function guardedLength(this: Wire, buffer) {
    const length = new DataView(buffer.buffer, buffer.byteOffset, 4).getUint32(0)
    if (length <= MAX_MESSAGE_BYTES) return readLength.call(this, buffer)
    drop(this, `a message of ${length} bytes`)
  }

  Wire.prototype._onMessage = function guardedMessage(this: Wire, buffer) {
    const expected = LENGTHS[buffer[0] ?? 0] ?? buffer.length
    if (buffer.length !== expected) return drop(this, `message ${buffer[0]} with ${buffer.length} bytes`)
    try {
      readMessage.call(this, buffer)
    } catch (error) {
      drop(this, messageOf(error))
    }
  }

  function drop(wire: Wire, reason: string): void {
    onHostile(`${wire.remoteAddress}:${wire.remotePort}`, reason)
    // What the peer sent after the bad message is still in the buffer: it is skipped, not parsed.
    wire._parse(Number.POSITIVE_INFINITY, () => undefined)
    wire.destroy()
  }
}
