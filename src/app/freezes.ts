/** A freeze: nothing is deployed by itself for a while. People may, and are told of it in every plan. */
import { DeployError } from '../base/deploy-error.js'
import { showRecorded } from '../base/moment.js'
import type { Notice } from '../model/plan.js'
import type { Freeze, RecordedState } from '../model/state.js'
import { changeState } from './change-state.js'
import type { World } from './world.js'

export async function freezeEnvironment(world: World, reason: string, until: Date | null): Promise<Freeze> {
  if (until !== null && until <= world.clock.now()) {
    throw new DeployError('USAGE', 'a freeze has to end after now', { hint: 'for example: --for 2h' })
  }
  const made = (at: string, by: string): Freeze => ({
    reason,
    at,
    by,
    until: until === null ? null : until.toISOString(),
  })
  const next = await changeState(world, 'freeze', 'freeze', (state, at, by) => ({
    ...state,
    freeze: made(at, by),
  }))
  return next.freeze ?? made(next.written.at, next.written.by)
}

export async function unfreezeEnvironment(world: World): Promise<void> {
  await changeState(world, 'unfreeze', 'unfreeze', ({ freeze, ...state }) => {
    if (freeze !== undefined) return state
    throw new DeployError('USAGE', `${world.config.environment} is not frozen`, { hint: 'deployctl status' })
  })
}

/** The freeze that holds at this time; one that has run out holds no longer. */
export function freezeOf(state: RecordedState | null, now: Date): Freeze | null {
  const freeze = state?.freeze
  if (freeze === undefined) return null
  return freeze.until !== null && new Date(freeze.until) <= now ? null : freeze
}

export function freezeNotices(world: World, state: RecordedState | null): readonly Notice[] {
  const freeze = freezeOf(state, world.clock.now())
  if (freeze === null) return []
  return [
    {
      service: null,
      message: `${world.config.environment} is frozen${frozenUntil(freeze)} by ${freeze.by}: ${freeze.reason}`,
      hint: 'deployctl unfreeze',
    },
  ]
}

export function frozenUntil({ until }: Freeze): string {
  return until === null ? '' : ` until ${showRecorded(until)}`
}
