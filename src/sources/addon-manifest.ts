import { z } from 'zod'
import { SelfStremeError } from '../domain/errors.ts'

/** What another addon says it has streams for. */
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
 * Reads the parts of a manifest that matter for streams. A resource in its short form has the types and prefixes of the
 * manifest; in its long form it has its own, and nothing of the manifest's.
 *
 * @throws SelfStremeError `source.bad_answer`
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/manifest.md
 */
export function parseManifest(json: unknown): AddonManifest {
  const parsed = manifest.safeParse(json)
  if (!parsed.success) throw new SelfStremeError('source.bad_answer', 'it has no manifest of an addon')
  const { name, types, idPrefixes, resources } = parsed.data
  const streams = resources
    .map((each) => resource.safeParse(each).data)
    .filter((each) => each?.name === 'stream')
    .slice(0, MAX_RESOURCES)
    .map((each) => (each?.isShort ? { types, idPrefixes } : (each as StreamResource)))
  return { name, streams }
}

/** Whether it says that it may have streams for this. @param id - with season and episode */
export function hasStreams({ streams }: AddonManifest, type: string, id: string): boolean {
  return streams.some(
    ({ types, idPrefixes }) =>
      types.includes(type) && (idPrefixes?.some((prefix) => id.startsWith(prefix)) ?? true),
  )
}

/** Whether it names the beginning of such an id, and does not just say nothing of ids. */
export function names({ streams }: AddonManifest, id: string): boolean {
  return streams.some(({ idPrefixes = [] }) =>
    idPrefixes.some((prefix) => prefix !== '' && id.startsWith(prefix)),
  )
}
