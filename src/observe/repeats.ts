import { clientKey } from '../domain/clients/client-key.ts'
import { parseIpAddress } from '../lib/ip-address.ts'
import type { LogFields, LogLevel } from './log-event.ts'

type Write = (level: LogLevel, message: string, fields: LogFields) => void

export interface RepeatOptions {
  /** how many events of one kind are logged per window */
  readonly most: Readonly<Record<LogLevel, number>>
  readonly windowMs?: number
}

/** Events of one kind within a window. */
interface Kind {
  written: number
  left: number
  last: LogFields
  readonly senders: FrequentSenders
}

const WINDOW_MS = 60_000
/** There are some hundred messages in the code; any more kinds come from strangers' input. */
const MAX_KINDS = 300
const OTHERS = 'other events'
/** Fields that name the sender of an event, the most reliable first. */
const SENDERS = ['client', 'peer', 'from', 'address', 'source']

/**
 * Bounds what strangers can make us log. The first few events of a kind per window are logged at once; the others are
 * counted, and summed up in one line at the end of the window, with the most frequent sender.
 *
 * @param write - called at once, and at the end of a window in which events were left out
 */
export function boundRepeats(write: Write, { most, windowMs = WINDOW_MS }: RepeatOptions): Write {
  const kinds = new Map<string, Kind>()

  return (level, message, fields) => {
    const name = kindOf(message)
    const known = kinds.has(`${level} ${name}`) || kinds.size < MAX_KINDS ? name : OTHERS
    const key = `${level} ${known}`
    const kind = kinds.get(key) ?? open(key, level, known)
    const sender = senderOf(fields)
    if (sender !== undefined) kind.senders.add(sender)
    if (kind.written < most[level]) {
      kind.written++
      return write(level, message, fields)
    }
    kind.left++
    kind.last = fields
  }

  function open(key: string, level: LogLevel, name: string): Kind {
    const kind: Kind = { written: 0, left: 0, last: {}, senders: new FrequentSenders() }
    kinds.set(key, kind)
    setTimeout(() => {
      kinds.delete(key)
      if (kind.left > 0) write(level, `${name} (${kind.left} more)`, summaryOf(kind, windowMs))
    }, windowMs).unref()
    return kind
  }
}

function summaryOf({ senders, last }: Kind, windowMs: number): LogFields {
  const [sender, times] = senders.most() ?? []
  const most = sender === undefined ? {} : { mostBy: sender, timesAtLeast: times }
  return { withinMs: windowMs, ...most, ...('reason' in last ? { lastReason: last.reason } : {}) }
}

/** The part of a message before the first name or number. */
function kindOf(message: string): string {
  return /^[^:("\d]{0,80}/.exec(message)?.[0].trim() || OTHERS
}

function senderOf(fields: LogFields): string | undefined {
  const said = SENDERS.map((name) => fields[name]).find((value) => typeof value === 'string')
  if (said === undefined) return undefined
  const address = String(said).slice(0, 100)
  const bare = parseIpAddress(address)
    ? address
    : address.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  return clientKey(bare)
}

/**
 * The most frequent sender, in constant memory: a sender of more than 1/64 of the events is always found (Misra and
 * Gries, 1982). Counts may be too low.
 */
class FrequentSenders {
  static readonly #MAX = 64
  readonly #counts = new Map<string, number>()

  add(sender: string): void {
    const count = this.#counts.get(sender)
    if (count !== undefined || this.#counts.size < FrequentSenders.#MAX) {
      this.#counts.set(sender, (count ?? 0) + 1)
      return
    }
    for (const [each, times] of this.#counts) {
      if (times === 1) this.#counts.delete(each)
      else this.#counts.set(each, times - 1)
    }
  }

  most(): [sender: string, times: number] | undefined {
    return [...this.#counts].sort(([, a], [, b]) => b - a)[0]
  }
}
