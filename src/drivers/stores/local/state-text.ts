/** What the text of a state file says: a state, or in words what is wrong with it. Pure, so that every damage can be tried. */
import type { RecordedState } from '../../../model/state.js'

export type Judgement =
  { readonly state: RecordedState } | { readonly problem: string; readonly isNewer: boolean }

export function judgeState(text: string, environment: string): Judgement {
  if (text.trim() === '') return broken('is empty')
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    const isCut = !text.trimEnd().endsWith('}')
    const detail = error instanceof Error ? error.message : String(error)
    return broken(isCut ? 'is cut off: its end is missing' : `is not JSON: ${detail}`)
  }
  if (typeof data !== 'object' || data === null || !('format' in data))
    return broken('is not a state of deployctl')
  if (data.format !== 1) {
    const isNewer = typeof data.format === 'number' && data.format > 1
    const problem = isNewer
      ? `was written by a newer deployctl (format ${String(data.format)}; this one knows format 1)`
      : `has the unknown format ${JSON.stringify(data.format)}`
    return { problem, isNewer }
  }
  const missing = missingPart(data)
  if (missing !== null) return broken(`has no valid "${missing}"`)
  const state = data as RecordedState // its format is 1 and the parts that everything else hangs from are there
  if (state.environment === environment) return { state }
  return broken(`belongs to the environment ${state.environment}`)
}

function missingPart(data: object): string | null {
  const parts: Readonly<Record<string, unknown>> = { ...data }
  if (!Number.isSafeInteger(parts['serial'])) return 'serial'
  for (const name of ['lineage', 'project', 'environment']) {
    if (typeof parts[name] !== 'string' || parts[name] === '') return name
  }
  for (const name of ['written', 'services', 'orphanHolds']) {
    if (typeof parts[name] !== 'object' || parts[name] === null || Array.isArray(parts[name])) return name
  }
  return null
}

function broken(problem: string): Judgement {
  return { problem, isNewer: false }
}
