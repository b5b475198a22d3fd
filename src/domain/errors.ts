/** All failures that a caller may want to tell apart. `http/error-handler` maps them to a status. */
export type ErrorCode =
  | 'media.not_found'
  | 'media.no_peers'
  | 'media.stalled'
  | 'media.damaged'
  | 'disk.full'
  | 'disk.read_only'
  | 'disk.failed'
  | 'torrent.invalid'
  | 'torrent.busy'
  | 'torrent.bad_path'
  | 'wish.impossible'
  | 'cache.no_room'
  | 'cache.unknown'
  | 'cache.in_use'
  | 'cache.elsewhere'
  | 'engine.down'
  | 'client.limit'
  | 'client.idle'
  | 'fetch.forbidden'
  | 'fetch.timeout'
  | 'fetch.too_large'
  | 'fetch.failed'
  | 'source.bad_answer'
  | 'source.refused'
  | 'source.unknown_id'
  | 'app.closing'
  | 'folder.in_use'
  | 'access.denied'
  | 'access.unauthorized'
  | 'access.too_many_guesses'
  | 'request.invalid'
  | 'request.unsupported'
/** An error with a code; the code stays when the message is reworded. */
/** An error with a code that survives rewording of its message. */
export class SelfStremeError extends Error {
  override readonly name = 'SelfStremeError'
  readonly code: ErrorCode
  /** the facts in the message, for programs */
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options?: ErrorOptions & { readonly details?: Readonly<Record<string, unknown>> },
  ) {
    super(message, options)
    this.code = code
    this.details = options?.details
  }
}

/** @returns the message of any thrown value, for a log line */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
