import Wire from 'bittorrent-protocol'
import { messageOf } from '../../domain/errors.ts'
import { installExtensionGuard } from './extension-guard.ts'
import { shareKeyExchange } from './key-exchange.ts'
import { installMessageLimits } from './message-limits.ts'
import { complaintAbout, MAX_MESSAGE_BYTES } from './message-rules.ts'

/** Chunks of one message are joined this many at a time: copying for each chunk would take quadratic time. */
const CHUNKS_HELD = 64

/**
 * Drops a peer that sends a hostile message. By default, bittorrent-protocol 5.0.9 buffers any length that a peer
 * announces (up to 4 GiB), and an exception while a message or handshake is parsed ends the process: three kinds of
 * `ut_metadata` message and an encryption handshake with the key 0 cause one.
 *
 * Call it before the first connection.
 *
 * @param onHostile - called with the reason when a peer is dropped
 */
export function installWireGuard(onHostile: (address: string, reason: string) => void): void {
  const { _onMessageLength: readLength, _onMessage: readMessage, _processBuffer: readBuffer } = Wire.prototype
  const dropped = new WeakSet<Wire>()

  Wire.prototype._onMessageLength = function guardedLength(this: Wire, buffer) {
    const length = new DataView(buffer.buffer, buffer.byteOffset, 4).getUint32(0)
    if (length <= MAX_MESSAGE_BYTES) return readLength.call(this, buffer)
    drop(this, `it announces a message of ${length} bytes`)
  }

  Wire.prototype._onMessage = function guardedMessage(this: Wire, buffer) {
    const complaint = complaintAbout(buffer)
    if (complaint !== undefined) return drop(this, complaint)
    readMessage.call(this, buffer)
  }

  // All input of a peer is parsed in here: handshakes too, and messages that wait for an encryption handshake.
  Wire.prototype._processBuffer = function guardedBuffer(this: Wire) {
    try {
      readBuffer.call(this)
    } catch (error) {
      drop(this, messageOf(error))
    }
  }

  holdUnfinishedMessages()
  installMessageLimits(drop)
  installExtensionGuard(drop)
  shareKeyExchange()

  function drop(wire: Wire, reason: string): void {
    if (dropped.has(wire)) return
    dropped.add(wire)
    onHostile(`${wire.remoteAddress ?? 'unknown'}:${wire.remotePort ?? 0}`, reason)
    // What the peer sent after the bad message is still in the buffer: it is skipped, not parsed.
    wire._parse(Number.POSITIVE_INFINITY, () => undefined)
    wire.destroy()
  }
}

/** By default, the whole buffer is copied for every chunk that arrives, even of one byte. */
function holdUnfinishedMessages(): void {
  const { _write: write } = Wire.prototype

  Wire.prototype._write = function heldWrite(this: Wire, data, done) {
    const isUnfinished = this._bufferSize + data.length < this._parserSize
    if (this._parser !== Wire.prototype._onMessage || !isUnfinished) return write.call(this, data, done)
    this._buffer.push(this._encryptor?.decrypt(data) ?? data)
    this._bufferSize += data.length
    if (this._buffer.length > CHUNKS_HELD) this._buffer = [Buffer.concat(this._buffer, this._bufferSize)]
    done(null)
  }
}
