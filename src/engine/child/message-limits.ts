import Wire from 'bittorrent-protocol'

/** Messages that make webtorrent scan all peers and pieces for the next request, or answer. */
const CHANGES: ReadonlySet<number> = new Set([
  0, // choke
  1, // unchoke
  2, // interested
  3, // not interested
  9, // port
  17, // allowed fast
])
/** Messages that list all pieces at once; for each, webtorrent counts the pieces of all peers again. */
const WHOLE_PICTURES: ReadonlySet<number> = new Set([5, 14, 15])

/** A normal peer begins with some twenty, and then sends one every few seconds. */
const CHANGES_AT_ONCE = 100
const CHANGES_PER_SECOND = 20
/** A normal peer sends one; two if it got the metadata later than we did. */
const MAX_PICTURES = 4
/** `have` messages of a peer are processed no more often than this. */
const HAVE_INTERVAL_MS = 100
/** Unread answers of one peer, in bytes: 256 requests, the usual limit of peers that are told none. */
const MAX_OWED = 4 * 1024 * 1024
/** Unread answers of all peers, in bytes: beyond it, only peers that read are answered. */
const MAX_OWED_TO_ALL = 64 * 1024 * 1024
/** A peer with at most this much unread counts as one that reads. */
const READS_WELL = 256 * 1024
/** Blocks that a peer may request beyond these limits; normal peers have a few hundred requests open. */
const MAX_REFUSED = 1_000
/** With this many bytes unread, refusals are no longer sent. */
const MAX_OWED_REFUSALS = 256 * 1024

/** Ends a connection; the reason is logged. */
export type Drop = (wire: Wire, reason: string) => void

interface Account {
  changes: number
  countedAt: number
  pictures: number
  lookedAt: number
  isLookPlanned: boolean
  /** bytes that are being read for it, including cancelled requests */
  readingBytes: number
  /** refused requests since its last answer */
  refused: number
}

const accounts = new WeakMap<Wire, Account>()
/** connected peers that have requested blocks */
const askers = new Set<Wire>()

/** Bytes sent to a peer that it has not read. */
export function unreadBytes(wire: Wire): number {
  return wire._readableState.buffered
}

/** Counts a message that costs us more than its sender. @returns whether it is one too many */
export function isTooRestless(wire: Wire): boolean {
  const account = accountOf(wire)
  const now = performance.now()
  account.changes = Math.max(0, account.changes - ((now - account.countedAt) / 1000) * CHANGES_PER_SECOND)
  account.countedAt = now
  return ++account.changes > CHANGES_AT_ONCE
}

/**
 * Limits the work and memory that cheap messages can cause. By default, bittorrent-protocol 5.0.9 and webtorrent 3.0.21
 * scan everything after each `have`, answer any number of requests whether the answers are read or not, and keep requests
 * for missing pieces forever.
 */
export function installMessageLimits(drop: Drop): void {
  const { _onMessage: readMessage } = Wire.prototype

  Wire.prototype._onMessage = function countedMessage(this: Wire, buffer) {
    const id = buffer[0] ?? 0
    if (CHANGES.has(id) && isTooRestless(this)) return drop(this, 'too many choke and interest messages')
    if (WHOLE_PICTURES.has(id) && ++accountOf(this).pictures > MAX_PICTURES) {
      return drop(this, 'too many bitfields')
    }
    readMessage.call(this, buffer)
  }

  Wire.prototype._onHave = function unhurriedHave(this: Wire, piece) {
    if (this.peerPieces.get(piece)) return
    this.peerPieces.set(piece, true)
    lookSoon(this, piece)
  }

  Wire.prototype._onRequest = function boundedRequest(this: Wire, piece, offset, length) {
    if (this.amChoking) return refuse(this, piece, offset, length)
    const account = accountOf(this)
    if (isOverdrawn(this, account, length)) {
      if (++account.refused > MAX_REFUSED) return drop(this, 'it requests more than it reads')
      return refuse(this, piece, offset, length)
    }
    answer(this, account, { piece, offset, length })
  }
}

function isOverdrawn(wire: Wire, { readingBytes }: Account, length: number): boolean {
  const unread = unreadBytes(wire)
  if (unread + readingBytes + length > MAX_OWED) return true
  if (unread + readingBytes < READS_WELL) return false
  let owedToAll = length
  for (const asker of askers) owedToAll += unreadBytes(asker) + accountOf(asker).readingBytes
  return owedToAll > MAX_OWED_TO_ALL
}

/**
 * Has a block read and sends it, as bittorrent-protocol does; but bytes count until they are read, even if the peer has
 * cancelled the request.
 */
function answer(wire: Wire, account: Account, request: Wire['peerRequests'][number]): void {
  const { piece, offset, length } = request
  if (!askers.has(wire)) {
    askers.add(wire)
    wire.once('close', () => askers.delete(wire))
  }
  wire.peerRequests.push(request)
  account.readingBytes += length
  wire.emit('request', piece, offset, length, (error: Error | null, block?: Uint8Array) => {
    account.readingBytes -= length
    account.refused = 0
    if (wire._pull(wire.peerRequests, piece, offset, length) !== request) return
    if (block && !error) return wire.piece(piece, offset, block)
    refuse(wire, piece, offset, length)
  })
}

function refuse(wire: Wire, piece: number, offset: number, length: number): void {
  if (wire.hasFast && unreadBytes(wire) < MAX_OWED_REFUSALS) wire.reject(piece, offset, length)
}

/** Reports a new piece to webtorrent at once, and further ones together after a while. */
function lookSoon(wire: Wire, piece: number): void {
  const account = accountOf(wire)
  if (account.isLookPlanned) return
  const look = () => {
    account.isLookPlanned = false
    account.lookedAt = performance.now()
    if (!wire.destroyed) wire.emit('have', piece)
  }
  const waitMs = account.lookedAt + HAVE_INTERVAL_MS - performance.now()
  if (waitMs <= 0) return look()
  account.isLookPlanned = true
  setTimeout(look, waitMs).unref()
}

function accountOf(wire: Wire): Account {
  const known = accounts.get(wire)
  if (known) return known
  const account: Account = {
    changes: 0,
    countedAt: performance.now(),
    pictures: 0,
    lookedAt: Number.NEGATIVE_INFINITY,
    isLookPlanned: false,
    readingBytes: 0,
    refused: 0,
  }
  accounts.set(wire, account)
  return account
}
