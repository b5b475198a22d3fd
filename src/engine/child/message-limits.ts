import Wire from 'bittorrent-protocol'

/** Messages after which webtorrent looks through all peers and pieces for what to ask next, or that make it answer. */
const CHANGES: ReadonlySet<number> = new Set([
  0, // choke
  1, // unchoke
  2, // interested
  3, // not interested
  9, // port
  17, // allowed fast
])
/** Messages that say at once which pieces there are; for each, the pieces of all peers are counted anew. */
const WHOLE_PICTURES: ReadonlySet<number> = new Set([5, 14, 15])

/** An honest peer begins with some twenty, and changes its mind every few seconds. */
const CHANGES_AT_ONCE = 100
const CHANGES_PER_SECOND = 20
/** An honest peer says it once; where it got the metadata later than us, twice. */
const MOST_PICTURES = 4
/** News of pieces is looked at no more often. */
const HAVE_INTERVAL_MS = 100
/** What a peer asked for and has not read, in bytes: 256 requests, as many as peers make when they are not told. */
const MOST_OWED = 4 * 1024 * 1024
/** The same for all peers together: beyond it only those are answered who read what they get. */
const MOST_OWED_TO_ALL = 64 * 1024 * 1024
/** A peer that has read all but so much counts as one who reads. */
const READS_WELL = 256 * 1024
/** A peer may ask for that many blocks beyond what it is owed; honest ones have a few hundred requests open. */
const MOST_REFUSED = 1_000
/** With so many bytes unread there is no point in telling a peer that it will not get something. */
const MOST_OWED_REFUSALS = 256 * 1024

/** Ends a connection, and says why. */
export type Drop = (wire: Wire, reason: string) => void

interface Account {
  changes: number
  countedAt: number
  pictures: number
  lookedAt: number
  isLookPlanned: boolean
  /** bytes that are being read for it, and requests that it took back meanwhile as well */
  readingBytes: number
  /** requests beyond what it may have open, since it was last answered */
  refused: number
}

const accounts = new WeakMap<Wire, Account>()
/** who has asked for blocks and is connected */
const askers = new Set<Wire>()

/** What a peer still has to read of what was said to it, in bytes. */
export function unreadBytes(wire: Wire): number {
  return wire._readableState.buffered
}

/** Counts a message that costs us far more than its sender; says whether that is too much. */
export function isTooRestless(wire: Wire): boolean {
  const account = accountOf(wire)
  const now = performance.now()
  account.changes = Math.max(0, account.changes - ((now - account.countedAt) / 1000) * CHANGES_PER_SECOND)
  account.countedAt = now
  return ++account.changes > CHANGES_AT_ONCE
}

/**
 * Bounds what a peer can make us do and keep by saying cheap things often. As they come, bittorrent-protocol 5.0.9 and
 * webtorrent 3.0.21 look through everything after each `have`, answer any number of requests whether the answers are
 * read or not, and keep requests for pieces that are not there forever.
 */
export function installPatience(drop: Drop): void {
  const { _onMessage: readMessage } = Wire.prototype

  Wire.prototype._onMessage = function countedMessage(this: Wire, buffer) {
    const id = buffer[0] ?? 0
    if (CHANGES.has(id) && isTooRestless(this)) return drop(this, 'it changes its mind too often')
    if (WHOLE_PICTURES.has(id) && ++accountOf(this).pictures > MOST_PICTURES) {
      return drop(this, 'it says too often which pieces it has')
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
      if (++account.refused > MOST_REFUSED) return drop(this, 'it asks for more than it reads')
      return refuse(this, piece, offset, length)
    }
    answer(this, account, { piece, offset, length })
  }
}

function isOverdrawn(wire: Wire, { readingBytes }: Account, length: number): boolean {
  const unread = unreadBytes(wire)
  if (unread + readingBytes + length > MOST_OWED) return true
  if (unread + readingBytes < READS_WELL) return false
  let owedToAll = length
  for (const asker of askers) owedToAll += unreadBytes(asker) + accountOf(asker).readingBytes
  return owedToAll > MOST_OWED_TO_ALL
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
  if (wire.hasFast && unreadBytes(wire) < MOST_OWED_REFUSALS) wire.reject(piece, offset, length)
}

/** Tells webtorrent at once that there is something new, and for a while afterwards only once for everything. */
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
