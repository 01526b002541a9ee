/**
 * Asks one source, and looks at what its services are: a plan, made as `deployctl plan` makes it. Where the source cannot
 * be asked, the services keep what runs, and only what is there is looked at; a service with a trouble of its own does not
 * keep the others from theirs.
 */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'
import type { Plan } from '../../model/plan.js'
import type { RecordedState } from '../../model/state.js'
import { planApply } from '../plan-release.js'
import type { World } from '../world.js'

export interface Look {
  readonly source: string
  readonly plans: readonly Plan[]
  /** Services that stay what they are because the source cannot be asked. */
  readonly stay: readonly string[]
  /** Why the source could not be asked. */
  readonly outage: DeployError | null
  readonly problems: readonly { readonly service: string; readonly error: DeployError }[]
}

export interface Question {
  readonly source: string
  readonly services: readonly string[]
  readonly tryAgain: readonly string[]
  readonly state: RecordedState | null
}

/** What is wrong with a source as a whole, and not with one of its releases. */
const outages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SECRET_MISSING',
  'SOURCE_DENIED',
  'SOURCE_GARBAGE',
  'SOURCE_NOT_FOUND',
  'SOURCE_RATE_LIMITED',
  'SOURCE_UNREACHABLE',
  'TIMEOUT',
])

export async function look(world: World, question: Question, signal: AbortSignal): Promise<Look> {
  const { source, services, tryAgain } = question
  const seen = { source, plans: [], stay: [], outage: null, problems: [] }
  try {
    return { ...seen, plans: [await planApply(world, { services, tryAgain }, signal)] }
  } catch (error) {
    if (!(error instanceof DeployError) || signal.aborted) throw error
    if (outages.has(error.code)) return lookWithout(world, question, error, signal)
    if (services.length === 1) return { ...seen, problems: problemsOf(services, error) }
  }
  const looks: Look[] = []
  for (const service of services) looks.push(await look(world, { ...question, services: [service] }, signal))
  return {
    source,
    plans: looks.flatMap(({ plans }) => plans),
    stay: looks.flatMap(({ stay }) => stay),
    outage: looks.find(({ outage }) => outage !== null)?.outage ?? null,
    problems: looks.flatMap(({ problems }) => problems),
  }
}

/** `outage` null: it has not answered yet. */
export async function lookWithout(
  world: World,
  { source, services, state }: Question,
  outage: DeployError | null,
  signal: AbortSignal,
): Promise<Look> {
  const stay = services.filter((service) => state?.services[service] !== undefined)
  const seen = { source, stay, outage, plans: [], problems: [] }
  if (stay.length === 0) return seen
  try {
    return { ...seen, plans: [await planApply(world, { services: stay, tryAgain: [], stay }, signal)] }
  } catch (error) {
    if (!(error instanceof DeployError) || signal.aborted) throw error
    return { ...seen, problems: problemsOf(stay, error) }
  }
}

function problemsOf(services: readonly string[], error: DeployError): Look['problems'] {
  return services.map((service) => ({ service, error }))
}
