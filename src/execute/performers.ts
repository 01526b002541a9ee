/** Ties each verb to the driver that does it, for the instances and specifications of one plan. */
import type { Clock } from '../model/clock.js'
import type { HealthCheck, ProbePlace } from '../model/health-check.js'
import type { Instance, InstanceId } from '../model/instance.js'
import type { HookOperation } from '../model/operation.js'
import type { Plan } from '../model/plan.js'
import type { Secrets } from '../model/secrets.js'
import type { Shell } from '../model/shell.js'
import type { Artifacts } from '../model/source.js'
import type { CheckSpec, DriverSpec, InstanceSpec } from '../model/spec.js'
import type { OperationContext, Target } from '../model/target.js'
import { awaitHealthy } from './await-healthy.js'
import { deploymentVariables } from './deployment-variables.js'
import type { Performers } from './perform.js'
import { runHook } from './run-hook.js'

export interface PerformerDeps {
  readonly target: (spec: DriverSpec) => Target
  readonly check: (spec: CheckSpec) => HealthCheck
  readonly artifacts: Artifacts
  readonly shell: Shell
  readonly secrets: Secrets
  readonly clock: Clock
  readonly projectDirectory: string
}

export function createPerformers(plan: Plan, deps: PerformerDeps): Performers {
  const instanceOf = (id: InstanceId): Instance => must(plan.instances[id], `instance ${id}`)
  const specOf = (instance: Instance): InstanceSpec =>
    must(plan.specs[instance.specDigest], `specification of ${instance.name}`)
  const targetOf = (instance: Instance): Target => deps.target(specOf(instance).target)
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
    const place = { projectDirectory: deps.projectDirectory, releaseFolder: folder, variables }
    return runHook(operation, place, deps, context)
  }

  const check = async (id: InstanceId, context: OperationContext): Promise<void> => {
    const instance = instanceOf(id)
    const { folder, variables } = variablesFor(
      { service: instance.service, instance, previous: null },
      null,
      context,
    )
    const place: ProbePlace = { host: instance.host, folder, env: variables }
    const failed = new AbortController()
    const waiting = {
      clock: deps.clock,
      onProgress: context.onProgress,
      signal: AbortSignal.any([context.signal, failed.signal]),
    }
    const all = specOf(instance).checks.map((spec) => awaitHealthy(spec, deps.check(spec), place, waiting))
    try {
      await Promise.all(all)
    } catch (error) {
      failed.abort(error)
      await Promise.allSettled(all)
      throw error
    }
  }

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
    async start({ instance: id }, context) {
      const instance = instanceOf(id)
      await targetOf(instance).start?.(instance, context)
    },
    async stop({ instance: id }, context) {
      const instance = instanceOf(id)
      await targetOf(instance).stop?.(instance, context)
    },
    async route({ from, to }, context) {
      const place = must(orNull(to) ?? orNull(from), 'either end of a route')
      await targetOf(place).route(orNull(from), orNull(to), context)
    },
    check: ({ instance }, context) => check(instance, context),
    hook,
    async prune({ instance: id, keep }, context) {
      await targetOf(instanceOf(id)).prune(keep, context)
    },
  }
}

/** What a plan refers to but does not hold is a forged or broken plan: that is no ordinary failure. */
function must<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null)
    throw new Error(`the plan does not hold the ${what} that it refers to`)
  return value
}
