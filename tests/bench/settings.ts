/** Settings from the environment; the README's table has the same. */
export const settings = {
  rounds: number('ROUNDS', 3),
  seeders: number('SEEDERS', 3),
  /** size of the film of the whole-film and seek scenarios */
  filmMib: number('FILM_MIB', 1024),
  /** only these contestants */
  only: list('ONLY'),
  /** only cases whose name contains one of these */
  cases: list('CASES'),
}

function number(name: string, otherwise: number): number {
  const value = Number(process.env[name] || otherwise)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} has to be a whole number above 0`)
  return value
}

function list(name: string): readonly string[] {
  return (process.env[name] ?? '').split(',').filter(Boolean)
}
