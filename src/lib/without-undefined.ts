type WithoutUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The same object without keys whose value is `undefined`. */
export function withoutUndefined<T extends object>(value: T): WithoutUndefined<T> {
  const known = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(known) as WithoutUndefined<T>
}
