import { execFileSync } from 'node:child_process'

/** Debian installs servers where only root looks for programs. */
export const SYSTEM_PATH = `${process.env.PATH}:/usr/sbin`

/**
 * Whether a Debian package is installed.
 *
 * @param command - must succeed
 * @param tests - what is skipped without it
 * @throws Error if it is missing and `CI` is set
 */
export function isInstalled(
  debianPackage: string,
  [program, ...args]: readonly [string, ...string[]],
  tests: string,
): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', env: { ...process.env, PATH: SYSTEM_PATH } })
    return true
  } catch (cause) {
    return skipped(tests, `${debianPackage} is missing`, `apt-get install ${debianPackage}`, cause)
  }
}

/**
 * Says which tests are skipped on this machine, and what to do about it. The `SkipSummary` of vitest.config.ts repeats
 * it at the end of the run.
 *
 * @returns false, for `isInstalled` and the like
 * @throws Error where `CI` is set
 */
export function skipped(tests: string, missing: string, remedy: string, cause?: unknown): false {
  if (process.env.CI) throw new Error(`${missing} (${remedy})`, { cause })
  console.warn(`${SKIPPED}${tests}: ${missing} (${remedy})`)
  return false
}

/** Begins each line of {@link skipped}. */
export const SKIPPED = 'SKIPPED '
