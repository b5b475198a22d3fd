import { execFileSync } from 'node:child_process'

/** Debian keeps servers where only root looks. */
export const SYSTEM_PATH = `${process.env.PATH}:/usr/sbin`

/**
 * Whether a program from Debian is there. Where `CI` is set, it has to be; elsewhere it is said loudly what is left out.
 *
 * @param command - does nothing but end well
 * @param leftOut - what cannot be tested without it
 * @throws Error if it is missing and `CI` is set
 */
export function isInstalled(
  debianPackage: string,
  [program, ...args]: readonly [string, ...string[]],
  leftOut: string,
): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', env: { ...process.env, PATH: SYSTEM_PATH } })
    return true
  } catch {
    const missing = `${debianPackage} is missing (apt-get install ${debianPackage})`
    if (process.env.CI) throw new Error(missing)
    console.warn(`\n*** ${missing}: ${leftOut} LEFT OUT. ***\n`)
    return false
  }
}
