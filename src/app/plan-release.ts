/** Makes the plan of an apply or a rollback: reads the state, chooses releases, looks at the world, and lets the planner think. */
import pLimit from 'p-limit'
import { DeployError } from '../base/deploy-error.js'
import type { Notice, Plan, PlanCommand } from '../model/plan.js'
import type { Release, VersionListing } from '../model/release.js'
import type { ListingNeeds, Source } from '../model/source.js'
import type { HostSpec } from '../model/host-spec.js'
import { recordedHosts, type Deployed, type RecordedService, type RecordedState } from '../model/state.js'
import { buildPlan } from '../plan/build-plan.js'
import { desire, type DesiredService } from '../plan/desire.js'
import { approachHosts } from './approach.js'
import { chooseRelease, type Choice } from './choose-release.js'
import { chooseRollback, rollbackServices } from './choose-rollback.js'
import { freezeNotices } from './freezes.js'
import { openHostBook, type HostBook } from './host-book.js'
import { hostsMeant, observe, sightOf, type Sightings } from './observe.js'
import type { PlanRequest, RollbackRequest } from './requests.js'
import { selectServices } from './select-services.js'
import { pickOnce } from './pick-once.js'
import { prepareAhead } from './prepare-ahead.js'
import { readState } from './read-state.js'
import { underNewNames, type NamedState } from './renames.js'
import { lastGaps } from './last-gaps.js'
import type { World } from './world.js'

/** Sources are asked side by side, but not all at once. */
const questionsAtOnce = 8

/** `isSure` where it is carried out without a question: then work for it begins at once. */
export async function planApply(
  world: World,
  request: PlanRequest,
  signal: AbortSignal,
  isSure = false,
): Promise<Plan> {
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
  const book = bookOf(world, selected, state, request, signal)
  const choices = await chooseAll(selected, choose)
  return planChosen(
    world,
    { state, renamed },
    'apply',
    choices,
    { ...request, isSure, book: await book },
    signal,
  )
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
  const book = bookOf(world, selected, state, request, signal)
  const choices = await chooseAll(selected, choose)
  return planChosen(
    world,
    { state, renamed },
    'rollback',
    choices,
    { ...request, isSure: false, book: await book },
    signal,
  )
}

/** Opened while the sources are asked, and the hosts in it are on their way. */
function bookOf(
  world: World,
  services: readonly string[],
  state: RecordedState | null,
  { only }: Pick<PlanRequest, 'only'>,
  signal: AbortSignal,
): Promise<HostBook> {
  const opened = openHostBook(world, state, signal)
  opened.catch(() => undefined) // told when the sources have answered
  approachHosts(world, services, state, { opened, only }, signal)
  return opened
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
  { only, book, isSure }: Pick<PlanRequest, 'only'> & { readonly book: HostBook; readonly isSure: boolean },
  signal: AbortSignal,
): Promise<Plan> {
  const isMeant = await hostsMeant(world, only, signal)
  const desired = new Map<string, DesiredService | null>()
  for (const [service, choice] of choices) {
    const wanted = desiredOf(world, service, choice, book)
    if (hasHostMeant(wanted, state?.services[service], book, isMeant)) desired.set(service, wanted)
  }
  if (isSure) prepareAhead(world, desired, state, signal)
  const said = [...choices.values()].flatMap((choice) => choice?.notices ?? [])
  const scope = { desired, book, isMeant, ...(only === undefined ? {} : { only }) }
  return planDesired(world, { state, renamed }, command, scope, said, signal)
}

/** What is to run where, and which hosts are meant. */
export interface DesiredScope extends Pick<PlanRequest, 'only'> {
  readonly desired: ReadonlyMap<string, DesiredService | null>
  readonly book: HostBook
  readonly isMeant: (host: HostSpec) => boolean
}

export async function planDesired(
  world: World,
  { state, renamed }: NamedState,
  command: PlanCommand,
  { desired, book, isMeant, only }: DesiredScope,
  said: readonly Notice[],
  signal: AbortSignal,
): Promise<Plan> {
  const sights = [...desired].map(([service, wanted]) =>
    sightOf(world, service, wanted, state?.services[service] ?? null, book),
  )
  const notices: Notice[] = [...freezeNotices(world, state), ...said]
  const { observed, skipped } = await observe(world, sights, book, isMeant, signal)
  notices.push(...skippedNotices(skipped))
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
    skipped,
    hostNamed: (name) => book.named(name),
    ...(only === undefined ? {} : { only }),
    traits: (type) => world.traits(type),
    strategy: (type) => world.strategy(type),
    lapsed: lapsedReleases(state, world.clock.now()),
    lastGapsMs: await lastGaps(world, state, [...desired.keys()]),
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

/** With a selection, services that have no host in it are none of this plan's. */
function hasHostMeant(
  wanted: DesiredService | null,
  recorded: RecordedService | undefined,
  book: HostBook,
  isMeant: (host: HostSpec) => boolean,
): boolean {
  return [...(wanted?.hosts ?? []), ...recordedHosts(recorded ?? null).map((name) => book.named(name))].some(
    isMeant,
  )
}

/** Of hosts that were not reached; those a person has left out are known to that person. */
function skippedNotices(skipped: Sightings['skipped']): readonly Notice[] {
  return [...skipped].flatMap(([service, hosts]): readonly Notice[] => {
    const away = hosts.flatMap(({ host, error }) => (error === null ? [] : [{ host, error }]))
    const [first] = away
    if (first === undefined) return []
    const names = away.map(({ host }) => host).join(', ')
    const what = away.length === 1 ? 'is left out' : 'are left out'
    return [
      {
        service,
        message: `${names} ${what}: ${first.error.message}`,
        hint: 'The next apply that reaches a host brings it up to date.',
      },
    ]
  })
}

function desiredOf(
  world: World,
  service: string,
  choice: Choice | null,
  book: HostBook,
): DesiredService | null {
  const config = world.config.services[service]
  if (config === undefined || choice === null) return null
  const { release, reason } = choice
  return desire(config, release, reason, world.traits(config.target.type), book.wanted(config))
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
