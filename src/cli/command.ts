import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util'

/** An option of a command. */
export interface CommandOption extends ParseArgsOptionDescriptor {
  readonly about: string
  /** placeholder of its value in --help, such as `<file>` */
  readonly value?: string
}

type Options = Readonly<Record<string, CommandOption>>
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: { -readonly [K in keyof O]: O[K] }; allowPositionals: true; strict: true }>
>

interface Definition<O extends Options> {
  /** one word or several: `cache ls` */
  readonly name: string
  /** one sentence for --help */
  readonly about: string
  /** synopsis, beginning with the name */
  readonly usage: string
  /** further text for the command's own --help */
  readonly details?: string
  readonly options: O
  /** whether it takes arguments besides options */
  readonly allowPositionals: boolean
  /**
   * @returns exit code
   * @throws UsageError if the arguments are wrong; anything else thrown is a failure
   */
  run(asked: Pick<Parsed<O>, 'values' | 'positionals'>): Promise<number>
}

export interface Command extends Omit<Definition<Options>, 'run'> {
  /** @param args - the arguments after the name */
  run(args: readonly string[]): Promise<number>
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command failed, with a message for the user: exit code 1. */
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
