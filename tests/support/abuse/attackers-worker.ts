/** The thread that all attackers run in, so that their own load is not mistaken for a viewer's wait. */
import { parentPort } from 'node:worker_threads'
import type { Attack, Round, TargetFilm } from './attack.ts'
import type { Answer, Call } from './attackers.ts'
import { startDeadTrackers } from './dead-trackers.ts'
import { startHostileAddon } from './hostile-addon.ts'
import { IdleReaders } from './idle-readers.ts'
import { Lists } from './lists.ts'
import { LogFlood } from './log-flood.ts'
import { Pipelining } from './pipelining.ts'
import { SilentPeers } from './silent-peers.ts'

const port = parentPort
if (!port) throw new Error('this is no program of its own')

const addon = await startHostileAddon()
const deadTrackers = await startDeadTrackers()
const silentPeers = new SilentPeers()
const all: Readonly<Record<string, Attack>> = {
  silentPeers,
  pipelining: new Pipelining(),
  deadTrackers,
  idleReaders: new IdleReaders(),
  lists: new Lists(),
  logFlood: new LogFlood(),
}
/** To find out which attack causes a problem: `ABUSE_ONLY=lists,logFlood`; empty for no attack. */
const only = process.env.ABUSE_ONLY?.split(',')
const attacks = Object.entries(all).filter(([name]) => only?.includes(name) ?? true)
const films = new Map<string, TargetFilm>()
let roundOver = new AbortController()

async function begin(round: Pick<Round, 'number' | 'ms' | 'target'>): Promise<void> {
  roundOver.abort()
  roundOver = new AbortController()
  const now = { ...round, films: [...films.values()], over: roundOver.signal }
  await Promise.all(attacks.map(([, attack]) => attack.round(now)))
}

async function answer(call: Call): Promise<unknown> {
  switch (call.kind) {
    case 'meet':
      films.set(call.film.infoHash, call.film)
      return only?.includes('silentPeers') === false ? [] : silentPeers.meet(call.film)
    case 'leave':
      films.delete(call.infoHash)
      return silentPeers.leave(call.infoHash)
    case 'round':
      return begin(call.round)
    case 'done':
      return Object.fromEntries(attacks.map(([name, { done }]) => [name, done]))
    case 'stop':
      roundOver.abort()
      for (const attack of Object.values(all)) await attack[Symbol.asyncDispose]()
      return addon[Symbol.asyncDispose]()
    default:
      return call satisfies never
  }
}

port.on('message', async (call: Call & { readonly id: number }) => {
  const reply: Answer = await answer(call).then(
    (value) => ({ id: call.id, value }),
    (error: Error) => ({ id: call.id, error: error.stack ?? String(error) }),
  )
  port.postMessage(reply)
})
const ready: Answer = {
  id: 0,
  value: { manifestUrl: addon.manifestUrl, nameServer: deadTrackers.nameServer },
}
port.postMessage(ready)
