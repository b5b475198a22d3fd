import { constants, type Dirent, type Stats } from 'node:fs'
import { access, readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { SelfStremeError } from '../domain/errors.ts'
import { isOurs } from '../storage/mark.ts'
import type { Skipped } from './report.ts'

/** A file that the user has, as it was when it was found. */
export interface SourceFile {
  readonly path: string
  /** with all links followed */
  readonly realPath: string
  /** path inside of the folder that was named, with `/`; the name of a file that was */
  readonly relative: string
  readonly stats: Stats
}

/** What the user named, and what is in it. */
export interface Source {
  readonly path: string
  /** with all links followed */
  readonly realPath: string
  /** as it was named, which may be a link's */
  readonly name: string
  readonly isFolder: boolean
  /** in the order of their names */
  readonly files: readonly SourceFile[]
  /** left out, because their names begin with a dot */
  readonly hidden: readonly Skipped[]
  /** left out, because they cannot be read or followed */
  readonly unusable: readonly Skipped[]
}

export interface SourceOptions {
  /** whether what is in a folder counts although its name begins with a dot */
  readonly withHidden: boolean
}

/**
 * Looks at what the user named. Links to files are followed; those to folders are not, as they may lead in circles.
 *
 * @param path - file or folder, or a link to one
 * @throws SelfStremeError `request.invalid` if there is no such thing
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
    if (await isOurs(directory)) return skip(directory, 'it is a folder of this server')
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
    const stats = await stat(path).catch(() => undefined)
    if (!stats) return skip(path, 'it is a link that leads nowhere')
    if (stats.isDirectory()) return skip(path, 'it is a link to a folder, which is not followed')
    if (!stats.isFile()) return skip(path, 'it is neither a file nor a folder')
    const refusal = await access(path, constants.R_OK).catch((error: NodeJS.ErrnoException) => error)
    if (refusal) return skip(path, `it cannot be read (${refusal.code})`)
    files.push({ path, realPath: await realpath(path), relative, stats })
  }

  function skip(path: string, why: string): undefined {
    unusable.push({ path, why })
  }
}
