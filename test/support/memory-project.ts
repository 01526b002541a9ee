/** A project in memory that a test deploys, breaks and looks at, step by step. */
import { deploy, rollBack } from '../../src/app/deploy.js'
import type { DeployResult, Execution } from '../../src/app/requests.js'
import { createUseCases } from '../../src/app/use-cases.js'
import type { Config } from '../../src/model/config.js'
import type { HealthCheck } from '../../src/model/health-check.js'
import type { RecordedState } from '../../src/model/state.js'
import { MemoryGround } from './memory-ground.js'
import { emptyDisk } from './memory-store.js'
import { memoryWorld, quietExecution, type Offered } from './memory-world.js'

export const never = new AbortController().signal

/** A check whose answer the test turns. */
export function switchableHealth(): HealthCheck & { sick: (version: string) => void; wellAgain: () => void } {
  const sick = new Set<string>()
  return {
    sick: (version) => sick.add(version),
    wellAgain: () => sick.clear(),
    probe: async ({ env }) =>
      sick.has(env.DEPLOYCTL_VERSION ?? '')
        ? { healthy: false, seen: 'answered 500' }
        : { healthy: true, seen: 'answered 200' },
  }
}

export function memoryProject(initial: Config) {
  const ground = new MemoryGround()
  const disk = emptyDisk()
  const health = switchableHealth()
  let config = initial
  let versions: readonly Offered[] = ['1.0.0']
  let now = new Date('2026-01-01T00:00:00Z')
  const world = () => memoryWorld({ config, ground, disk, versions, now, health })
  return {
    ground,
    disk,
    health,
    world,
    useCases: () => createUseCases(world()),
    offer: (...offered: readonly Offered[]) => {
      versions = offered
    },
    /** From now on, commands are given at this time. */
    at: (time: string) => {
      now = new Date(time)
    },
    configure: (next: Config) => {
      config = next
    },
    apply: (services: readonly string[] = [], execution: Partial<Execution> = {}): Promise<DeployResult> =>
      deploy(world(), { services }, quietExecution(execution), never),
    rollBack: (to: string | null = null, services: readonly string[] = []): Promise<DeployResult> =>
      rollBack(world(), { services, to }, quietExecution(), never),
    state: () => JSON.parse(disk.state ?? 'null') as RecordedState,
    serves: (service: string) =>
      Object.keys(ground.traffic(service))
        .map((name) => name.replace(/-[0-9a-f]{8}$/, ''))
        .join(' ') || null,
    kept: (service: string) =>
      [...ground.place(service).staged.keys()].map((name) => name.replace(/-[0-9a-f]{8}$/, '')).sort(),
  }
}
