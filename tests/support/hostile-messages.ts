import bencode from 'bencode'
import type { Random } from './random.ts'
import { extended, framed, message } from './raw-peer.ts'

/** What a hostile peer sends: one message or a flood of them, as bytes on the wire. */
export type Hostile = (random: Random) => Buffer

const ODD_NUMBERS = [0, 1, 2, 15, 16, 255, 16_383, 16_384, 131_072, 131_073, 99_999, 100_000, 400_000]
const HUGE_NUMBERS = [2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 16_384, 2 ** 32 - 1]
const KNOWN_IDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 20, 21, 22, 23]
const EXTENSION_IDS = [0, 1, 2, 3, 4, 255]

const number = (random: Random) => random.pick(random.oneIn(3) ? HUGE_NUMBERS : ODD_NUMBERS)
const times = (count: number, one: () => Buffer) => Buffer.concat(Array.from({ length: count }, one))
const text = (id: number, content: string) =>
  framed(Buffer.concat([Buffer.from([20, id]), Buffer.from(content, 'latin1')]))

/** A random value where a value of some type is expected. */
function rubbish(random: Random): unknown {
  return random.pick<() => unknown>([
    () => number(random),
    () => -number(random),
    () => 'text',
    () => '',
    () => random.bytes(random.int(40)),
    () => [],
    () => ['a', 1, []],
    () => ({}),
    () => ({ length: number(random) }),
    () => ({ toString: 'x', valueOf: 1 }),
  ])()
}

const anyId: Hostile = (random) =>
  framed(Buffer.concat([Buffer.from([random.int(256)]), random.bytes(random.int(40))]))

const wrongLength: Hostile = (random) =>
  framed(Buffer.concat([Buffer.from([random.pick(KNOWN_IDS)]), random.bytes(random.int(20))]))

const hugeFrame: Hostile = (random) => {
  const frame = framed(random.bytes(random.int(200) + 1))
  frame.writeUInt32BE(number(random))
  return frame
}

const keepAlives: Hostile = (random) => Buffer.alloc(4 * (1 + random.int(500)))

const pieceNumbers: Hostile = (random) => framed(message(random.pick([4, 13, 17]), number(random)))

const requests: Hostile = (random) =>
  framed(message(random.pick([6, 8, 16]), number(random), number(random), number(random)))

const requestFlood: Hostile = (random) => {
  const piece = random.int(64)
  return times(2_000, () => framed(message(6, piece, 16_384 * random.int(16), 16_384)))
}

const blocks: Hostile = (random) =>
  framed(
    Buffer.concat([
      message(7, random.oneIn(2) ? random.int(64) : number(random), 16_384 * random.int(16)),
      random.bytes(random.pick([0, 1, 100, 16_384])),
    ]),
  )

const bitfields: Hostile = (random) =>
  times(1 + random.int(8), () =>
    framed(Buffer.concat([Buffer.from([5]), random.bytes(random.pick([0, 1, 8, 9, 12_500, 20_000]))])),
  )

const everythingAndNothing: Hostile = (random) =>
  times(1 + random.int(6), () => framed(Buffer.from([random.pick([14, 15])])))

const haveFlood: Hostile = (random) => {
  const first = number(random)
  return times(3_000, () => framed(message(4, first + random.int(5_000))))
}

const moodFlood: Hostile = (random) => times(1 + random.int(400), () => framed(Buffer.from([random.int(4)])))

const bencodeBombs: Hostile = (random) =>
  text(
    random.pick(EXTENSION_IDS),
    random.pick([
      'l-3:e',
      'd-3:i1ee',
      'd1:m-4:e',
      'l'.repeat(30_000),
      'd1:a'.repeat(10_000),
      `l${'le'.repeat(30_000)}e`,
      `i${'9'.repeat(5_000)}e`,
      `${'9'.repeat(400)}:a`,
      '99999999:a',
      'd9:__proto__d1:mi1eee',
      'd1:md1:ai1e1:ai2eee',
      'd1:md9:__proto__d11:ut_metadatai1eeee',
      'i1',
      'd',
      '',
    ]),
  )

const bencodeNoise: Hostile = (random) =>
  text(
    random.pick(EXTENSION_IDS),
    Array.from({ length: random.int(60) }, () => random.pick([...'dlie:-0123456789abm'])).join(''),
  )

const extensionHandshake: Hostile = (random) =>
  framed(
    extended(0, {
      m: random.oneIn(3)
        ? rubbish(random)
        : { ut_metadata: random.oneIn(3) ? rubbish(random) : random.int(300), ut_pex: random.int(4) },
      metadata_size: random.oneIn(2) ? number(random) : rubbish(random),
      reqq: random.oneIn(2) ? number(random) : rubbish(random),
      p: rubbish(random),
      v: rubbish(random),
      yourip: rubbish(random),
    }),
  )

const handshakeFlood: Hostile = (random) => {
  const size = number(random)
  return times(1 + random.int(300), () =>
    framed(extended(0, { m: { ut_metadata: 1 + random.int(3) }, metadata_size: size })),
  )
}

const metadataMessages: Hostile = (random) =>
  framed(
    extended(
      1,
      {
        msg_type: random.oneIn(8) ? rubbish(random) : random.int(4),
        piece: random.oneIn(4) ? rubbish(random) : random.int(5),
        total_size: random.oneIn(4) ? rubbish(random) : number(random),
      },
      random.bytes(random.pick([0, 0, 10, 16_384, 16_385])),
    ),
  )

const metadataFlood: Hostile = (random) =>
  times(1_000, () => framed(extended(1, { msg_type: random.pick([0, 0, 2]), piece: random.int(3) })))

const peers: Hostile = (random) => {
  const list = (size: number) =>
    random.oneIn(3)
      ? rubbish(random)
      : random.bytes(size * random.pick([0, 1, 50, 600]) + (random.oneIn(3) ? 1 : 0))
  return framed(
    extended(2, {
      added: random.oneIn(3)
        ? Buffer.concat([Buffer.from([127, 0, 0, 1, 0, 0, 10, 0, 0, 1, 0, 80])])
        : list(6),
      'added.f': rubbish(random),
      added6: list(18),
      dropped: list(6),
      dropped6: list(18),
    }),
  )
}

const lostPieces: Hostile = (random) =>
  times(1 + random.int(200), () =>
    framed(Buffer.concat([Buffer.from([20, 3]), message(0, number(random)).subarray(random.int(2))])),
  )

/** All hostile messages by name; a fuzzer tries them in turn. */
export const HOSTILE_MESSAGES: Readonly<Record<string, Hostile>> = {
  anyId,
  wrongLength,
  hugeFrame,
  keepAlives,
  pieceNumbers,
  requests,
  requestFlood,
  blocks,
  bitfields,
  everythingAndNothing,
  haveFlood,
  moodFlood,
  bencodeBombs,
  bencodeNoise,
  extensionHandshake,
  handshakeFlood,
  metadataMessages,
  metadataFlood,
  peers,
  lostPieces,
}

/** What an honest peer sends too, so that a hostile one gets further before it is detected. */
export const HARMLESS_MESSAGES: readonly Hostile[] = [
  () => framed(Buffer.from([1])),
  () => framed(Buffer.from([2])),
  (random) => framed(message(4, random.int(64))),
  (random) => framed(Buffer.concat([Buffer.from([5]), random.bytes(8)])),
  () => framed(Buffer.concat([Buffer.from([20, 0]), bencode.encode({ m: { ut_metadata: 1, ut_pex: 2 } })])),
]

/** First bytes of a connection that are not a handshake, or not quite. */
export const HOSTILE_HANDSHAKES: Readonly<Record<string, (random: Random, honest: Buffer) => Buffer>> = {
  otherNameLength: (random, honest) => Buffer.concat([Buffer.from([random.int(256)]), honest.subarray(1)]),
  otherName: (random, honest) =>
    Buffer.concat([honest.subarray(0, 10), random.bytes(10), honest.subarray(20)]),
  otherInfoHash: (random, honest) =>
    Buffer.concat([honest.subarray(0, 28), random.bytes(20), honest.subarray(48)]),
  anyReservedBits: (random, honest) =>
    Buffer.concat([honest.subarray(0, 20), random.bytes(8), honest.subarray(28)]),
  cutOff: (random, honest) => honest.subarray(0, random.int(68)),
  zeroKey: () => Buffer.alloc(96),
  hugeKey: (random) => Buffer.concat([Buffer.alloc(96, 0xff), random.bytes(random.int(513))]),
  keyCutOff: (random) => random.bytes(random.int(96)),
  keyAndNoise: (random) => random.bytes(96 + random.int(2_000)),
  keyAndTooMuchPadding: (random) => Buffer.concat([random.bytes(96), Buffer.alloc(4_000)]),
}
