import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util'

/** What one can say to a command behind its name. */
export interface CommandOption extends ParseArgsOptionDescriptor {
  readonly about: string
  /** what stands behind the option in --help, such as `<file>` */
  readonly value?: string
}

type Options = Readonly<Record<string, CommandOption>>
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: { -readonly [K in keyof O]: O[K] }; allowPositionals: true; strict: true }>
>

interface Definition<O extends Options> {
  /** one word, or several: `cache ls` */
  readonly name: string
  /** a sentence for --help */
  readonly about: string
  /** how it is called, the name in front */
  readonly usage: string
  /** more than a sentence, for its own --help */
  readonly details?: string
  readonly options: O
  /** whether it takes more than options */
  readonly allowPositionals: boolean
  /**
   * @returns exit code
   * @throws UsageError when what it is asked makes no sense; whatever else is thrown is a failure
   */
  run(asked: Pick<Parsed<O>, 'values' | 'positionals'>): Promise<number>
}

export interface Command extends Omit<Definition<Options>, 'run'> {
  /** @param args - what stands behind the name */
  run(args: readonly string[]): Promise<number>
}

/** What was typed is not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What could not be done, in words for the person: exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

export function command<const O extends Options>(definition: Definition<O>): Command {
  return {
    ...definition,
    async run(args) {
      return definition.run(parse(args, definition))
    },
  }
}

function parse<O extends Options>(args: readonly string[], definition: Definition<O>): Parsed<O> {
  const { options, allowPositionals } = definition
  try {
    return parseArgs({ args, options, allowPositionals, strict: true }) as Parsed<O>
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    if (!code.startsWith('ERR_PARSE_ARGS_')) throw cause
    throw new UsageError(message, { cause })
  }
}
