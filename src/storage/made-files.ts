import type { Stats } from 'node:fs'
import { constants, lstat, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, undefinedIfAbsent } from '../files/if-there.ts'
import { isOurs, OURS, writeNote } from './mark.ts'

const RECORD = 'made'
/** The creation time that a file system reports if it does not know it (`statx`(2) without `STATX_BTIME`). */
const UNKNOWN = '0'

/** A file in a torrent's folder. */
export interface NamedFile {
  readonly name: string
  readonly stats: Stats
}

/**
 * The files in a torrent's folder that we made. Each is recorded with its creation time before it gets its name, so a
 * file that the user puts there under the same name is not taken for ours. Inode numbers do not work: ext2 and ext3
 * reuse them at once, and FAT makes up new ones. Without a creation time, the name alone counts.
 */
export class MadeFiles {
  readonly #directory: string
  /** creation time of our mark in the folder; it differs in a copy of the folder */
  readonly #folder: string
  /** the lines of the record */
  readonly #lines = new Set<string>()
  readonly #names = new Set<string>()

  private constructor(directory: string, folder: string) {
    this.#directory = directory
    this.#folder = folder
  }

  /**
   * Starts the record of a folder that is being made. It is not synced: that takes 3 to 50 ms, for which a viewer would
   * wait, and until {@link add} syncs it, it names no file. If a power cut empties it, it is begun again.
   *
   * @throws the system's error
   */
  static async beginNew(directory: string): Promise<void> {
    await writeFile(join(directory, OURS, RECORD), `${await createdAt(directory)}\n`, { flag: 'wx' })
  }

  /**
   * Starts the record of a folder of ours, replacing any existing one.
   *
   * @throws the system's error
   */
  static async begin(directory: string, files: readonly NamedFile[]): Promise<MadeFiles> {
    const made = new MadeFiles(directory, await createdAt(directory))
    for (const file of files) made.#learn(lineOf(file))
    await writeNote(directory, RECORD, [made.#folder, ...files.map(lineOf), ''].join('\n'))
    return made
  }

  /**
   * @returns `undefined` if there is no record, or this folder is a copy and the record is the original's
   * @throws the system's error
   */
  static async read(directory: string): Promise<MadeFiles | undefined> {
    if (!(await isOurs(directory))) return undefined
    const text = await readRecord(directory)
    const [folder = '', ...lines] = text.split('\n')
    const made = new MadeFiles(directory, folder)
    for (const line of lines) made.#learn(line)
    return (await made.isCurrent()) ? made : undefined
  }

  /** The names in the record, even if this folder is a copy; `undefined` if there is no record. */
  static async names(directory: string): Promise<ReadonlySet<string> | undefined> {
    const text = await readRecord(directory)
    if (text === '') return undefined
    const made = new MadeFiles(directory, '')
    for (const line of text.split('\n').slice(1)) made.#learn(line)
    return made.#names
  }

  /** Whether the folder is still ours, and still the one that the record was read from. */
  async isCurrent(): Promise<boolean> {
    return (await isOurs(this.#directory)) && (await createdAt(this.#directory)) === this.#folder
  }

  has(file: NamedFile): boolean {
    return this.#folder === UNKNOWN ? this.#names.has(file.name) : this.#lines.has(lineOf(file))
  }

  /** Records a file that was made; it is on the disk when this resolves. @throws the system's error */
  async add(file: NamedFile): Promise<void> {
    const path = join(this.#directory, OURS, RECORD)
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW
    await using record = await open(path, flags)
    // Ends a line that a crash may have cut short.
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

/** Whether a folder has a record, even if the folder is a copy. */
export function hasRecord(directory: string): Promise<boolean> {
  return exists(join(directory, OURS, RECORD))
}

/** @throws the system's error: a record that exists but cannot be read is not replaced */
async function readRecord(directory: string): Promise<string> {
  return (await readFile(join(directory, OURS, RECORD), 'utf8').catch(undefinedIfAbsent)) ?? ''
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
