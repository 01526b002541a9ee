/** What was deployed, when, by whom and how it ended; and the whole story of one deployment. */
import { DeployError } from '../base/deploy-error.js'
import type { HistoryRecord } from '../model/history.js'
import type { DeploymentStory } from './requests.js'
import type { World } from './world.js'

/** How far back `show` looks for an id. */
const longestHistory = 10_000

export function showHistory(world: World, limit: number): Promise<readonly HistoryRecord[]> {
  return world.store.readHistory(world.config.environment, limit)
}

/** The beginning of an id is enough, as long as it means one deployment. */
export async function showDeployment(world: World, id: string): Promise<DeploymentStory> {
  const { environment } = world.config
  const [records, unfinished] = await Promise.all([
    world.store.readHistory(environment, longestHistory),
    world.store.unfinished(environment),
  ])
  const ids = new Set([...unfinished, ...records.map((record) => record.deployment)])
  const matches = [...ids].filter((known) => known.startsWith(id))
  const [deployment] = matches
  if (deployment === undefined || matches.length > 1) throw unknown(id, environment, matches)
  const record = records.find((one) => one.deployment === deployment) ?? null
  return { record, journal: await world.store.readJournal(environment, deployment) }
}

function unknown(id: string, environment: string, matches: readonly string[]): DeployError {
  const message =
    matches.length === 0
      ? `there is no deployment "${id}" in ${environment}`
      : `"${id}" is the beginning of ${matches.length} deployments: ${matches.slice(0, 8).join(', ')}`
  return new DeployError('DEPLOYMENT_UNKNOWN', message, { hint: '`deployctl history` lists them' })
}
