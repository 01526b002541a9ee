/** The drivers that a page of the documentation shows in its YAML, so that a test can hold the page to the code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export type Documented = { readonly type: string } & Readonly<Record<string, unknown>>

/** Every map with a `type`, wherever it stands in the YAML blocks of `docs/<page>`. */
export function documentedDrivers(page: string): readonly Documented[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, yaml = '']) => driversIn(parse(yaml)))
}

function driversIn(value: unknown): readonly Documented[] {
  if (typeof value !== 'object' || value === null) return []
  const found = 'type' in value && typeof value.type === 'string' ? [value as Documented] : [] // as was just seen
  return [...found, ...Object.values(value).flatMap(driversIn)]
}
