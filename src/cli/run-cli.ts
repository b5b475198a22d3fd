import { ConfigError } from '../config/config.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { terminal } from '../observe/terminal.ts'
import { type Command, Failure, UsageError } from './command.ts'
import { helpOf, overview } from './help.ts'

/**
 * Runs a command line.
 *
 * @param args - the command's name and its arguments
 * @returns exit code: 0, 1 if the command failed, 2 if the command line is wrong
 */
export async function runCli(commands: readonly Command[], args: readonly string[]): Promise<number> {
  const found = findCommand(commands, args)
  const wantsHelp = isHelpAsked(args)
  if (!found) {
    const [word = ''] = args
    const near = commands.filter(({ name }) => name.startsWith(`${word} `))
    const shown = overview(near.length > 0 ? near : commands)
    if (wantsHelp) return say(shown)
    return complain(
      word === '' ? 'no command given' : `unknown command "${args.slice(0, 2).join(' ')}"`,
      shown,
    )
  }
  if (wantsHelp) return say(helpOf(found))
  try {
    return await found.run(args.slice(found.name.split(' ').length))
  } catch (error) {
    if (error instanceof UsageError) return complain(error.message, helpOf(found))
    terminal.error(`${isForThePerson(error) ? error.message : (error as Error).stack}\n`)
    return 1
  }
}

/** The command whose name, of one or more words, comes first. */
function findCommand(commands: readonly Command[], args: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word))
}

/** After `--` there are no options. */
function isHelpAsked(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? undefined : end).some((arg) => arg === '--help' || arg === '-h')
}

function isForThePerson(error: unknown): error is Error {
  const isSystems = error instanceof Error && 'syscall' in error
  const isOurs = [ConfigError, SelfStremeError, Failure].some((kind) => error instanceof kind)
  return isOurs || isSystems
}

function say(text: string): 0 {
  terminal.out(text)
  return 0
}

function complain(what: string, help: string): 2 {
  terminal.error(`${what}\n\n${help}`)
  return 2
}
