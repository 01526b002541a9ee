/**
 * A variable of this process that is set only while something is made that reads it: for packages that can be told in no
 * other way. It is gone before anything else runs, so no child of ours ever sees it.
 */

export function withVariable<T>(name: string, value: string, make: () => T): T {
  const before = process.env[name]
  process.env[name] = value
  try {
    return make()
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = before
  }
}
