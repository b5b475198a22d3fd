import type { Stats } from 'node:fs'
import { constants, lstat, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../files/free-name.ts'
import { isOurs, OURS, writeNote } from './mark.ts'

const RECORD = 'made'
/** What a file system gives for the time of creation that does not know it (`statx`(2) without `STATX_BTIME`). */
const UNKNOWN = '0'

/** A file in a torrent's folder. */
export interface NamedFile {
  readonly name: string
  readonly stats: Stats
}

/**
 * The files in a torrent's folder that we made. Each is noted by the time of its creation before it gets its name, so
 * that a file which the user puts there under that name is not taken for it. Inode numbers would not do: ext2 and ext3 give
 * that of a removed file to the next one, FAT gives out new ones. Where no time of creation is known, the name counts.
 */
export class MadeFiles {
  readonly #directory: string
  /** when our mark in the folder was created: in a copy of the folder, all times are others */
  readonly #folder: string
  /** each as it is written down, and by its name alone */
  readonly #lines = new Set<string>()
  readonly #names = new Set<string>()

  private constructor(directory: string, folder: string) {
    this.#directory = directory
    this.#folder = folder
  }

  /**
   * Begins the record of a folder of ours, in place of any that is there.
   *
   * @throws the system's error
   */
  static async begin(directory: string, files: readonly NamedFile[] = []): Promise<MadeFiles> {
    const made = new MadeFiles(directory, await createdAt(directory))
    for (const file of files) made.#learn(lineOf(file))
    await writeNote(directory, RECORD, [made.#folder, ...files.map(lineOf), ''].join('\n'))
    return made
  }

  /**
   * @returns `undefined` where there is no record, or where it is that of the folder which this one is a copy of
   * @throws the system's error
   */
  static async read(directory: string): Promise<MadeFiles | undefined> {
    if (!(await isOurs(directory))) return undefined
    const text = await readFile(join(directory, OURS, RECORD), 'utf8').catch(noneIfAbsent)
    const [folder = '', ...lines] = text.split('\n')
    const made = new MadeFiles(directory, folder)
    for (const line of lines) made.#learn(line)
    return (await made.isCurrent()) ? made : undefined
  }

  /** What the record names, be it that of the folder which this one is a copy of; `undefined` where there is none. */
  static async names(directory: string): Promise<ReadonlySet<string> | undefined> {
    const text = await readFile(join(directory, OURS, RECORD), 'utf8').catch(noneIfAbsent)
    if (text === '') return undefined
    const made = new MadeFiles(directory, '')
    for (const line of text.split('\n').slice(1)) made.#learn(line)
    return made.#names
  }

  /** Whether the folder is still the one that this was read from, and ours. */
  async isCurrent(): Promise<boolean> {
    return (await isOurs(this.#directory)) && (await createdAt(this.#directory)) === this.#folder
  }

  has(file: NamedFile): boolean {
    return this.#folder === UNKNOWN ? this.#names.has(file.name) : this.#lines.has(lineOf(file))
  }

  /** Notes a file that was made, on the disk when this resolves. @throws the system's error */
  async add(file: NamedFile): Promise<void> {
    const path = join(this.#directory, OURS, RECORD)
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW
    await using record = await open(path, flags)
    // A line that a crash has cut short ends here.
    await record.write(`\n${lineOf(file)}\n`)
    await record.datasync()
    this.#learn(lineOf(file))
  }

  #learn(line: string): void {
    const [, name] = /^\S+ (.+)$/.exec(line) ?? []
    if (name === undefined) return
    this.#lines.add(line)
    this.#names.add(name)
  }
}

/** Whether there is a record in a folder, be it of the folder which this one is a copy of. */
export function hasRecord(directory: string): Promise<boolean> {
  return exists(join(directory, OURS, RECORD))
}

/** One that cannot be read just now is not begun anew. */
function noneIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error
  return ''
}

function lineOf({ name, stats }: NamedFile): string {
  return `${timeOf(stats)} ${name}`
}

async function createdAt(directory: string): Promise<string> {
  return timeOf(await lstat(join(directory, OURS)))
}

function timeOf({ birthtimeMs }: Stats): string {
  return String(birthtimeMs)
}
