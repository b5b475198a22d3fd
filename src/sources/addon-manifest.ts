import { z } from 'zod'
import { SelfStremeError } from '../domain/errors.ts'

/** The streams that another addon announces. */
export interface AddonManifest {
  readonly name: string
  readonly streams: readonly StreamResource[]
}

export interface StreamResource {
  readonly types: readonly string[]
  /** absent = any id */
  readonly idPrefixes?: readonly string[] | undefined
}

const MAX_TEXTS = 200
const MAX_LENGTH = 100
const MAX_RESOURCES = 50

const texts = z
  .array(z.string())
  .transform((all) => all.filter((text) => text.length <= MAX_LENGTH).slice(0, MAX_TEXTS))
const prefixes = texts.optional().catch(undefined)
const resource = z.union([
  z.string().transform((name) => ({ name, isShort: true, types: [], idPrefixes: undefined })),
  z.object({
    name: z.string(),
    isShort: z.literal(false).default(false),
    types: texts.catch([]),
    idPrefixes: prefixes,
  }),
])
const manifest = z.object({
  id: z.string(),
  name: z
    .string()
    .transform((name) => name.slice(0, MAX_LENGTH))
    .catch('addon'),
  types: texts.catch([]),
  idPrefixes: prefixes,
  resources: z.array(z.unknown()),
})

/**
 * Reads the parts of a manifest that concern streams. A resource in short form has the types and prefixes of the
 * manifest; in long form it has its own, and inherits none.
 *
 * @throws SelfStremeError `source.bad_answer`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/manifest.md
 */
export function parseManifest(json: unknown): AddonManifest {
  const parsed = manifest.safeParse(json)
  if (!parsed.success) throw new SelfStremeError('source.bad_answer', 'the answer is not an addon manifest')
  const { name, types, idPrefixes, resources } = parsed.data
  const streams = resources
    .map((each) => resource.safeParse(each).data)
    .filter((each) => each?.name === 'stream')
    .slice(0, MAX_RESOURCES)
    .map((each) => (each?.isShort ? { types, idPrefixes } : (each as StreamResource)))
  return { name, streams }
}

/** Whether the addon may have streams for an id. @param id - with season and episode */
export function hasStreams({ streams }: AddonManifest, type: string, id: string): boolean {
  return streams.some(
    ({ types, idPrefixes }) =>
      types.includes(type) && (idPrefixes?.some((prefix) => id.startsWith(prefix)) ?? true),
  )
}

/** Whether the addon lists a prefix of the id, rather than no prefixes at all. */
export function names({ streams }: AddonManifest, id: string): boolean {
  return streams.some(({ idPrefixes = [] }) =>
    idPrefixes.some((prefix) => prefix !== '' && id.startsWith(prefix)),
  )
}
