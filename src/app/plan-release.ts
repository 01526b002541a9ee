/** Makes the plan of an apply or a rollback: reads the state, chooses releases, looks at the world, and lets the planner think. */
import pLimit from 'p-limit'
import { DeployError } from '../base/deploy-error.js'
import type { Notice, Plan, PlanCommand } from '../model/plan.js'
import type { Release, VersionListing } from '../model/release.js'
import type { ListingNeeds, Source } from '../model/source.js'
import type { Deployed, RecordedState } from '../model/state.js'
import { buildPlan } from '../plan/build-plan.js'
import { desire, type DesiredService } from '../plan/desire.js'
import { chooseRelease, type Choice } from './choose-release.js'
import { chooseRollback, rollbackServices } from './choose-rollback.js'
import { freezeNotices } from './freezes.js'
import { observe } from './observe.js'
import type { PlanRequest, RollbackRequest } from './requests.js'
import { selectServices } from './select-services.js'
import { pickOnce } from './pick-once.js'
import { readState } from './read-state.js'
import { underNewNames, type NamedState } from './renames.js'
import type { World } from './world.js'

/** Sources are asked side by side, but not all at once. */
const questionsAtOnce = 8

export async function planApply(world: World, request: PlanRequest, signal: AbortSignal): Promise<Plan> {
  const { state, renamed } = underNewNames(world, await readState(world))
  const selected = selectServices(request.services, world.config, state)
  const sourceOf = sourcesAskedOnce(world)
  const pickVersion = pickOnce()
  const now = world.clock.now()
  const choose = async (service: string): Promise<Choice | null> => {
    const config = world.config.services[service]
    if (config === undefined) return null
    const { tryAgain } = request
    const isNamed = request.services.includes(service)
    return chooseRelease({
      service: config,
      state,
      mayTryAgain: ({ digest }) => (tryAgain === undefined ? isNamed : tryAgain.includes(digest)),
      stays: request.stay?.includes(service) === true,
      source: sourceOf(config.source),
      pickVersion,
      now,
      signal,
    })
  }
  return planChosen(world, { state, renamed }, 'apply', await chooseAll(selected, choose), signal)
}

export async function planRollback(
  world: World,
  request: RollbackRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const { state, renamed } = underNewNames(world, await readState(world))
  const selected = selectServices(rollbackServices(request.services, state), world.config, state)
  const sourceOf = sourcesAskedOnce(world)
  const choose = async (service: string): Promise<Choice | null> => {
    const recorded = state?.services[service]
    const config = world.config.services[service]
    if (config === undefined) throw notConfigured(service)
    if (recorded === undefined) throw neverDeployed(service)
    const { policy, source } = config
    return chooseRollback({ service, recorded, policy, to: request.to, source: sourceOf(source), signal })
  }
  return planChosen(world, { state, renamed }, 'rollback', await chooseAll(selected, choose), signal)
}

type Choices = ReadonlyMap<string, Choice | null>

async function chooseAll(
  services: readonly string[],
  choose: (service: string) => Promise<Choice | null>,
): Promise<Choices> {
  const limit = pLimit(questionsAtOnce)
  const answers = services.map((service) => limit(async () => [service, await choose(service)] as const))
  return new Map(await Promise.all(answers))
}

async function planChosen(
  world: World,
  { state, renamed }: NamedState,
  command: PlanCommand,
  choices: Choices,
  signal: AbortSignal,
): Promise<Plan> {
  const desired = new Map<string, DesiredService | null>()
  for (const [service, choice] of choices) desired.set(service, desiredOf(world, service, choice))
  const sights = [...desired].map(([service, wanted]) => {
    const recorded = state?.services[service] ?? null
    return { service, target: wanted?.spec.target ?? null, recorded }
  })
  const notices: Notice[] = [
    ...freezeNotices(world, state),
    ...[...choices.values()].flatMap((choice) => choice?.notices ?? []),
  ]
  const observed = await observe(world, sights, signal)
  for (const [service, seen] of observed) {
    for (const message of seen.flatMap((one) => one.notices)) notices.push({ service, message })
  }
  const { config, configDigest } = world
  return buildPlan({
    command,
    config,
    configDigest,
    state,
    desired,
    renamed: Object.fromEntries(Object.entries(renamed).filter(([service]) => desired.has(service))),
    observed,
    traits: (type) => world.traits(type),
    strategy: (type) => world.strategy(type),
    lapsed: lapsedReleases(state, world.clock.now()),
    notices,
  })
}

/** What was kept warm for as long as its strategy said: the next plan stops it. */
function lapsedReleases(state: RecordedState | null, now: Date): ReadonlyMap<string, Deployed> {
  const lapsed = new Map<string, Deployed>()
  for (const [service, { previous }] of Object.entries(state?.services ?? {})) {
    const over = previous.find(
      ({ warmUntil }) => warmUntil !== undefined && Date.parse(warmUntil) <= now.getTime(),
    )
    if (over !== undefined) lapsed.set(service, over)
  }
  return lapsed
}

function desiredOf(world: World, service: string, choice: Choice | null): DesiredService | null {
  const config = world.config.services[service]
  if (config === undefined || choice === null) return null
  return desire(config, choice.release, choice.reason, world.traits(config.target.type))
}

/** Each source is made once, and asked each question once, however many services share it. */
function sourcesAskedOnce(world: World): (name: string) => Source {
  const made = new Map<string, Source>()
  return (name) => {
    const known = made.get(name)
    if (known !== undefined) return known
    const spec = world.config.sources[name]
    if (spec === undefined)
      throw new Error(`validation let a service refer to the source "${name}", which does not exist`)
    const services = Object.values(world.config.services).filter(({ source }) => source === name)
    const publishedAt = services.some(({ policy }) => policy.minAgeMs > 0)
    const source = askedOnce(world.source(name, spec), { publishedAt })
    made.set(name, source)
    return source
  }
}

function askedOnce(source: Source, needs: ListingNeeds): Source {
  let versions: Promise<readonly VersionListing[]> | undefined
  const resolved = new Map<string, Promise<Release>>()
  return {
    versions: (signal) => (versions ??= source.versions(signal, needs)),
    resolve(version, signal) {
      const known = resolved.get(version) ?? source.resolve(version, signal)
      resolved.set(version, known)
      return known
    },
    fetch: (release, context) => source.fetch(release, context),
    ...(source.retag === undefined ? {} : { retag: source.retag }),
  }
}

function notConfigured(service: string): DeployError {
  return new DeployError(
    'RELEASE_UNKNOWN',
    `${service} is no longer in deploy.yaml, so it cannot be rolled back`,
    {
      hint: 'put it back into deploy.yaml, or take it down with `deployctl apply`',
    },
  )
}

function neverDeployed(service: string): DeployError {
  return new DeployError(
    'RELEASE_UNKNOWN',
    `${service} has never been deployed here, so there is nothing to roll back`,
    {
      hint: `deployctl apply --service ${service}`,
    },
  )
}
