/** Plans and outcomes for the tests of views: small, made by hand, and the same every time. */
import { digestOf } from '../../../src/base/hash.js'
import type { Change, ChangeKind, Drift, Side } from '../../../src/model/change.js'
import { describeOperation } from '../../../src/model/describe-operation.js'
import { instanceId, type Instance } from '../../../src/model/instance.js'
import type { Operation, Revert } from '../../../src/model/operation.js'
import type { Failure, Outcome } from '../../../src/model/outcome.js'
import type { Notice, Plan, PlanCommand, Risk, Step } from '../../../src/model/plan.js'
import type { Release } from '../../../src/model/release.js'
import type { InstanceSpec } from '../../../src/model/spec.js'

export function release(service: string, version: string, content = version): Release {
  const artifact = {
    kind: 'archive',
    name: `${service}-${version}.tar.gz`,
    location: `/releases/${version}`,
    size: 2_100_000,
  } as const
  return { source: service, version, digest: digestOf([service, content]), artifact }
}

export function spec(
  service: string,
  options: { readonly [option: string]: string | readonly string[] | object } = {},
): InstanceSpec {
  return {
    target: { type: 'directory', path: `/srv/${service}`, ...options },
    checks: [
      {
        name: 'ready',
        probe: { type: 'http', url: 'http://127.0.0.1:8080/health' },
        intervalMs: 1000,
        timeoutMs: 5000,
        healthyAfter: 1,
        deadlineMs: 30_000,
      },
    ],
  }
}

export interface ServiceSketch {
  readonly service: string
  readonly from?: string
  readonly to?: string
  readonly kind?: ChangeKind
  readonly before?: object
  readonly after?: object
  readonly reasons?: readonly string[]
  readonly hosts?: readonly string[]
}

export interface PlanSketch {
  readonly command?: PlanCommand
  readonly services: readonly ServiceSketch[]
  readonly drift?: readonly Drift[]
  readonly notices?: readonly Notice[]
  readonly hook?: { readonly revert: Revert; readonly risks?: readonly Risk[]; readonly service: string }
  readonly prune?: string
  readonly outcome?: Plan['outcome']
}

export function plan(sketch: PlanSketch): Plan {
  const instances: Record<string, Instance> = {}
  const specs: Record<string, InstanceSpec> = {}
  const steps: Step[] = []
  const add = (service: string | null, apply: Operation, revert: Revert, extra: Partial<Step> = {}): void => {
    const id = `${service ?? 'deployment'}/${steps.length + 1}`
    const title = describeOperation(apply, instances)
    steps.push({
      id,
      title,
      service,
      host: 'local',
      needs: [],
      apply,
      revert,
      timeoutMs: 1000,
      tolerant: false,
      risks: [],
      ...extra,
    })
  }
  const changes: Change[] = []
  for (const one of sketch.services) {
    const before = side(one.service, one.from, one.before)
    const after = side(one.service, one.to, one.after)
    const kind = one.kind ?? (before === null ? 'create' : after === null ? 'remove' : 'update')
    changes.push({
      service: one.service,
      kind,
      before,
      after,
      reasons: kind === 'none' ? [] : (one.reasons ?? ['it changed']),
    })
    if (kind === 'none') continue
    for (const host of one.hosts ?? ['local']) {
      const from = keep(instances, specs, one.service, host, before)
      const to = keep(instances, specs, one.service, host, after)
      if (to !== null) add(one.service, { verb: 'stage', instance: to }, { verb: 'discard', instance: to })
      const { hook } = sketch
      if (hook?.service === one.service) {
        add(
          one.service,
          {
            verb: 'hook',
            hook: 'migrate',
            moment: 'beforeSwitch',
            undo: false,
            command: { run: ['bin/migrate', 'up'] },
            directory: 'release',
            env: {},
            service: one.service,
            instance: to,
            previous: from,
          },
          hook.revert,
          { risks: hook.risks ?? [] },
        )
      }
      const [old, next] = [sharesOf(from), sharesOf(to)]
      add(one.service, { verb: 'route', from: old, to: next }, { verb: 'route', from: next, to: old })
      if (to !== null) add(one.service, { verb: 'check', instances: [to] }, { nothing: true })
      if (sketch.prune === one.service && to !== null) {
        add(
          one.service,
          { verb: 'prune', instance: to, keep: ['a', 'b', 'c', 'd', 'e'] },
          { irreversible: 'they are gone' },
          { tolerant: true },
        )
      }
    }
  }
  const content = {
    format: 1,
    project: 'shop',
    environment: 'staging',
    command: sketch.command ?? 'apply',
    basis: {
      lineage: 'a',
      serial: 12,
      configDigest: digestOf('config'),
      observedDigest: digestOf('observed'),
    },
    changes,
    drift: sketch.drift ?? [],
    notices: sketch.notices ?? [],
    steps,
    afterUnwind: [],
    onFailure: [],
    instances,
    specs,
    sources: {},
    outcome: sketch.outcome ?? {},
    parallelism: 4,
    fate: {},
    renamed: {},
  } as const
  return { ...content, id: digestOf(content) }
}

function side(service: string, version: string | undefined, options: object | undefined): Side | null {
  if (version === undefined) return null
  return { release: release(service, version), spec: spec(service, options as Record<string, string>) }
}

function keep(
  instances: Record<string, Instance>,
  specs: Record<string, InstanceSpec>,
  service: string,
  host: string,
  at: Side | null,
): string | null {
  if (at === null) return null
  const specDigest = digestOf(at.spec)
  const name = `${at.release.version}-${at.release.digest.slice(7, 15)}`
  const instance = { service, host, name, slot: null, release: at.release, specDigest }
  instances[instanceId(instance)] = instance
  specs[specDigest] = at.spec
  return instanceId(instance)
}

export const upgrade = (): Plan =>
  plan({
    services: [
      {
        service: 'web',
        from: '1.0.0',
        to: '1.0.1',
        before: { env: { LOG_LEVEL: 'info', TOKEN: '${secret.TOKEN}' } },
        after: { env: { LOG_LEVEL: 'debug', TOKEN: '${secret.OTHER_TOKEN}' }, shared: ['log/'] },
        reasons: ['a newer release matches ^1.0', 'env changed in deploy.yaml'],
      },
      { service: 'docs', to: '1.0.1', reasons: ['it is new here; v1.0.1 is the newest version'] },
      { service: 'api', from: '1.4.2', to: '1.4.2', kind: 'none' },
    ],
    hook: { service: 'web', revert: hookDown() },
    prune: 'web',
  })

export function hookDown(): Revert {
  return {
    verb: 'hook',
    hook: 'migrate',
    moment: 'beforeSwitch',
    undo: true,
    command: { run: ['bin/migrate', 'down'] },
    directory: 'release',
    env: {},
    service: 'web',
    instance: null,
    previous: null,
  }
}

export function outcome(parts: Partial<Outcome>): Outcome {
  return {
    kind: 'applied',
    services: {},
    lagging: [],
    failures: [],
    warnings: [],
    leftovers: [],
    stuck: [],
    unhealthy: [],
    unjournalled: null,
    durationMs: 4200,
    unwindMs: 0,
    ...parts,
  }
}

export function checkFailure(step: string, service = 'web'): Failure {
  return {
    step,
    service,
    error: {
      code: 'CHECK_FAILED',
      message: 'the check "ready" failed',
      details: [
        'GET http://127.0.0.1:8080/health answered 500 "db: connection refused" (7 tries in 30s)',
        'last lines of web:',
        '  FATAL could not reach db:5432',
      ],
    },
  }
}

function sharesOf(instance: string | null) {
  return instance === null ? [] : [{ instance, weight: 1 }]
}
