/** Ties each verb to the driver that does it, for the instances and specifications of one plan. */
import { DeployError } from '../base/deploy-error.js'
import type { Become } from '../model/become.js'
import type { Clock } from '../model/clock.js'
import type { HealthCheck, ProbePlace } from '../model/health-check.js'
import { localHost, thisHost, type HostSpec } from '../model/host-spec.js'
import { copyName, type Instance, type InstanceId } from '../model/instance.js'
import type { HookOperation, OperationOf, Share } from '../model/operation.js'
import type { Plan } from '../model/plan.js'
import type { Secrets } from '../model/secrets.js'
import type { Shell } from '../model/shell.js'
import type { Artifacts } from '../model/source.js'
import type { CheckSpec, DriverSpec, InstanceSpec } from '../model/spec.js'
import type { OperationContext, RoutedShare, Target } from '../model/target.js'
import type { StateStore } from '../model/state-store.js'
import { awaitApproval } from './await-approval.js'
import { awaitHealthy } from './await-healthy.js'
import { checkMarks } from './check-marks.js'
import { deploymentVariables } from './deployment-variables.js'
import type { PerformContext, Performers } from './perform.js'
import { runHook } from './run-hook.js'
import { watchHealthy } from './watch-healthy.js'

/** Where a connection begins. */
const homeFolder = '.'

export interface PerformerDeps {
  readonly target: (spec: DriverSpec, place: { readonly service: string; readonly host: HostSpec }) => Target
  /** Runs commands on a host, or on this machine. */
  readonly shellOn: (host: HostSpec, become?: Become) => Shell
  /** How its ports are reached as it sees them. */
  readonly tunnelTo: (host: HostSpec) => ProbePlace['tunnel']
  readonly check: (spec: CheckSpec) => HealthCheck
  readonly artifacts: Artifacts
  readonly shell: Shell
  readonly secrets: Secrets
  readonly clock: Clock
  readonly store: Pick<StateStore, 'readMarks'>
  readonly projectDirectory: string
}

export function createPerformers(plan: Plan, deps: PerformerDeps): Performers {
  const instanceOf = (id: InstanceId): Instance => must(plan.instances[id], `instance ${id}`)
  const specOf = (instance: Instance): InstanceSpec =>
    must(plan.specs[instance.specDigest], `specification of ${instance.name}`)
  const hostOf = ({ host }: Instance): HostSpec =>
    host === localHost ? thisHost : must(plan.hosts?.[host], `host ${host}`)
  const targetOf = (instance: Instance): Target =>
    deps.target(specOf(instance).target, { service: instance.service, host: hostOf(instance) })
  const orNull = (id: InstanceId | null): Instance | null => (id === null ? null : instanceOf(id))

  const variablesFor = (
    scene: {
      readonly service: string | null
      readonly instance: Instance | null
      readonly previous: Instance | null
    },
    hook: string | null,
    context: OperationContext,
  ): { readonly folder: string | null; readonly variables: { readonly [name: string]: string } } => {
    const folder = scene.instance === null ? null : targetOf(scene.instance).folderOf(scene.instance)
    const { project, environment, command } = plan
    const variables = deploymentVariables({
      ...scene,
      project,
      environment,
      command,
      deployment: context.deployment,
      folder,
      hook,
    })
    return { folder, variables }
  }

  const hook = (operation: HookOperation, context: OperationContext): Promise<void> => {
    const scene = {
      service: operation.service,
      instance: orNull(operation.instance),
      previous: orNull(operation.previous),
    }
    const { folder, variables } = variablesFor(scene, operation.hook, context)
    const host =
      operation.host === undefined ? thisHost : must(plan.hosts?.[operation.host], 'host of a hook')
    const place = {
      projectDirectory: operation.at === 'host' ? homeFolder : deps.projectDirectory,
      releaseFolder: folder,
      variables: { ...variables, DEPLOYCTL_HOST: host.name },
      hostVariables: host.variables,
    }
    const there = operation.at === 'host' ? host : thisHost
    return runHook(operation, place, { ...deps, shell: deps.shellOn(there, operation.become) }, context)
  }

  const placeOf = (instance: Instance, context: OperationContext): (() => Promise<ProbePlace>) => {
    const scene = { service: instance.service, instance, previous: null }
    const { folder, variables } = variablesFor(scene, null, context)
    const target = targetOf(instance)
    const host = hostOf(instance)
    return async () => ({
      host: host.name,
      hostAddress: host.address,
      shell: deps.shellOn(host),
      tunnel: deps.tunnelTo(host),
      folder,
      env: variables,
      reach: (await target.reach?.(instance, context.signal)) ?? null,
      mark: null,
    })
  }
  const marks = checkMarks(deps.check)
  const setMarks = (instance: Instance, context: OperationContext): Promise<void> =>
    marks.set(specOf(instance).checks, instance, placeOf(instance, context), context.signal)

  const check = ({ instances, deadlineMs }: OperationOf<'check'>, context: OperationContext): Promise<void> =>
    together(instances.map(instanceOf), context, (instance, inner) => {
      const placeNow = placeOf(instance, inner)
      const waiting = { clock: deps.clock, onProgress: inner.onProgress, signal: inner.signal }
      return togetherOf(specOf(instance).checks, inner, (spec, { signal }) =>
        awaitHealthy(
          deadlineMs === undefined ? spec : { ...spec, deadlineMs },
          deps.check(spec),
          () => marks.withMark(spec, instance, placeNow, signal),
          { ...waiting, signal },
        ),
      )
    })

  const watch = ({ instances, forMs }: OperationOf<'watch'>, context: OperationContext): Promise<void> =>
    together(instances.map(instanceOf), context, (instance, inner) => {
      const placeNow = placeOf(instance, inner)
      const checks = specOf(instance).checks.map((spec) => ({
        spec,
        check: deps.check(spec),
        placeNow: () => marks.withMark(spec, instance, placeNow, inner.signal),
      }))
      const watched = { name: copyName(instance), placeNow, checks }
      const { onProgress, signal } = inner
      return watchHealthy(watched, forMs, { clock: deps.clock, onProgress, signal })
    })

  const pause = async (
    { instances, deadlineMs }: OperationOf<'pause'>,
    context: PerformContext,
  ): Promise<void> => {
    const { deployment, step, onProgress } = context
    const over = new AbortController()
    const signal = AbortSignal.any([context.signal, over.signal])
    const { environment } = plan
    const readMarks = () => deps.store.readMarks(environment)
    // Only the waiting tells how far it is; the watching says something when it has seen something.
    const watching = watch(
      { verb: 'watch', instances, forMs: deadlineMs },
      { ...context, signal, onProgress: () => undefined },
    )
    const waiting = awaitApproval(
      { environment, deployment, step, deadlineMs, readMarks },
      { clock: deps.clock, onProgress, signal },
    )
    try {
      // Instances that stayed well to the end approve nothing.
      await Promise.race([waiting, watching.then(() => waiting)])
    } finally {
      over.abort()
      await Promise.allSettled([watching, waiting])
    }
    await context.onApproval(await waiting)
  }

  /** For several instances side by side; what fails brings the instance's last words along. */
  const together = (
    instances: readonly Instance[],
    context: OperationContext,
    work: (instance: Instance, context: OperationContext) => Promise<void>,
  ): Promise<void> =>
    togetherOf(instances, context, async (instance, inner) => {
      try {
        await work(instance, inner)
      } catch (error) {
        throw inner.signal.aborted ? error : await withLastWords(error, instance, context)
      }
    })

  const withLastWords = async (
    error: unknown,
    instance: Instance,
    { signal }: OperationContext,
  ): Promise<unknown> => {
    const words =
      (await targetOf(instance)
        .lastWords?.(instance, signal)
        .catch(() => [])) ?? []
    if (!(error instanceof DeployError) || words.length === 0) return error
    return new DeployError(error.code, error.message, {
      details: [
        ...error.details,
        `last lines of ${copyName(instance)}:`,
        ...words.map((line) => `  ${line}`),
      ],
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }

  const lookUp = (shares: readonly Share[]): readonly RoutedShare[] =>
    shares.map(({ instance, weight }) => ({ instance: instanceOf(instance), weight }))

  return {
    async stage({ instance: id }, context) {
      const instance = instanceOf(id)
      const { release } = instance
      const obtain = () => {
        const source = must(plan.sources[release.source], `source ${release.source}`)
        return deps.artifacts.obtain(release, source, context.onProgress, context.signal)
      }
      await targetOf(instance).stage(instance, obtain, context)
    },
    async discard({ instance: id }, context) {
      const instance = instanceOf(id)
      await targetOf(instance).discard(instance, context)
    },
    start: ({ instances }, context) =>
      together(instances.map(instanceOf), context, async (instance, inner) => {
        await setMarks(instance, inner)
        await targetOf(instance).start?.(instance, inner)
      }),
    stop: ({ instances }, context) =>
      together(instances.map(instanceOf), context, async (instance, inner) => {
        await targetOf(instance).stop?.(instance, inner)
      }),
    async route({ from, to, drainMs = 0 }, context) {
      const [old, next] = [lookUp(from), lookUp(to)]
      const end = must(next[0] ?? old[0], 'either end of a route')
      await Promise.all(next.map(({ instance }) => setMarks(instance, context)))
      await targetOf(end.instance).route(old, next, context)
      const [left, taken] = [old[0]?.instance, next[0]?.instance]
      if (left !== undefined && taken !== undefined && left.specDigest !== taken.specDigest)
        await targetOf(left).leave?.(specOf(taken).target, context)
      const serving = new Set(next.map(({ instance }) => copyName(instance)))
      const idle = old.map(({ instance }) => instance).filter((instance) => !serving.has(copyName(instance)))
      const [first] = idle
      if (first !== undefined && drainMs > 0) await targetOf(first).drain?.(idle, drainMs, context)
    },
    async drain({ instances: ids, deadlineMs }, context) {
      const instances = ids.map(instanceOf)
      await targetOf(must(instances[0], 'instance to drain')).drain?.(instances, deadlineMs, context)
    },
    check,
    watch,
    wait: ({ forMs }, { signal }) => deps.clock.sleep(forMs, signal).then(() => signal.throwIfAborted()),
    pause,
    hook,
    async prune({ instance: id, keep }, context) {
      await targetOf(instanceOf(id)).prune(keep, context)
    },
  }
}

/** Does the work for all side by side; the first failure cancels the others, which are awaited. */
async function togetherOf<T>(
  all: readonly T[],
  context: OperationContext,
  work: (one: T, context: OperationContext) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const inner = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) }
  const works = all.map((one) => work(one, inner))
  try {
    await Promise.all(works)
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled(works)
    throw error
  }
}

/** What a plan refers to but does not hold is a forged or broken plan: that is no ordinary failure. */
function must<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null)
    throw new Error(`the plan does not hold the ${what} that it refers to`)
  return value
}
