import { constants, type Dirent, type Stats } from 'node:fs'
import { access, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { SelfStremeError } from '../domain/errors.ts'
import { statIfThere } from '../files/if-there.ts'
import { isOurs } from '../storage/mark.ts'
import type { Skipped } from './report.ts'

/** A file of the user, as it was when found. */
export interface SourceFile {
  readonly path: string
  /** with all links followed */
  readonly realPath: string
  /** path within the named folder, with `/`; of a named file, its name */
  readonly relative: string
  readonly stats: Stats
}

/** A path that the user named, and its content. */
export interface Source {
  readonly path: string
  /** with all links followed */
  readonly realPath: string
  /** as named, possibly a link's name */
  readonly name: string
  readonly isFolder: boolean
  /** sorted by name */
  readonly files: readonly SourceFile[]
  /** skipped, because their names begin with a dot */
  readonly hidden: readonly Skipped[]
  /** skipped, because they cannot be read or followed */
  readonly unusable: readonly Skipped[]
}

export interface SourceOptions {
  /** whether to include files in a folder whose names begin with a dot */
  readonly withHidden: boolean
}

/**
 * Finds the files at a path. Links to files are followed; links to folders are not, as they may form cycles.
 *
 * @param path - file or folder, or a link to one
 * @throws SelfStremeError `request.invalid` if the path does not exist
 */
export async function findSource(path: string, options: SourceOptions): Promise<Source> {
  const realPath = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SelfStremeError('request.invalid', `${path} cannot be found (${cause.code})`, { cause })
  })
  const name = basename(resolve(path))
  const files: SourceFile[] = []
  const hidden: Skipped[] = []
  const unusable: Skipped[] = []
  const isFolder = (await stat(realPath)).isDirectory()
  if (isFolder) await lookInto(realPath, '')
  else await meet(path, name)
  return { path, realPath, name, isFolder, files, hidden, unusable }

  async function lookInto(directory: string, relative: string): Promise<void> {
    if (await isOurs(directory)) return skip(directory, 'it is a folder of self-streme')
    const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) =>
      skip(directory, `it cannot be read (${error.code})`),
    )
    for (const entry of entries ?? []) await meetEntry(directory, relative, entry)
  }

  async function meetEntry(directory: string, relative: string, entry: Dirent): Promise<void> {
    const path = join(directory, entry.name)
    const inner = relative === '' ? entry.name : `${relative}/${entry.name}`
    if (!options.withHidden && entry.name.startsWith('.')) hidden.push({ path, why: 'it is hidden' })
    else if (entry.isDirectory()) await lookInto(path, inner)
    else await meet(path, inner)
  }

  async function meet(path: string, relative: string): Promise<void> {
    let stats: Stats | undefined
    try {
      stats = await statIfThere(path)
    } catch (error) {
      return skip(path, `it cannot be accessed (${(error as NodeJS.ErrnoException).code})`)
    }
    if (!stats) return skip(path, 'it is a dangling link')
    if (stats.isDirectory()) return skip(path, 'it is a link to a folder; those are not followed')
    if (!stats.isFile()) return skip(path, 'it is neither a file nor a folder')
    const refusal = await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => error)
    if (refusal) return skip(path, `it cannot be read (${refusal.code})`)
    files.push({ path, realPath: await realpath(path), relative, stats })
  }

  function skip(path: string, why: string): undefined {
    unusable.push({ path, why })
  }
}
