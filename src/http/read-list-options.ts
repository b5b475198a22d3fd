import { SelfStremeError } from '../domain/errors.ts'
import { DEFAULT_LIST_OPTIONS, type ListOptions, parseListOptions } from '../domain/list/list-options.ts'
/**
 * Reads the first path segment, if it holds list options.
 *
 * @param segment - percent-decoded; absent = defaults
 * @returns `undefined` if the segment is something else
 * @throws SelfStremeError `request.invalid`, saying what is wrong with it
 */
export function readListOptions(segment: string | undefined): ListOptions | undefined {
  const options = segment === undefined ? DEFAULT_LIST_OPTIONS : parseListOptions(segment)
  if (options && 'problem' in options)
    throw new SelfStremeError(
      'request.invalid',
      `The address "${segment?.slice(0, 200)}": ${options.problem}.`,
    )
  return options
}
