/** Plans in files: written with a signature, and refused when tampered with, too old, or when the world has moved since. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { DeployError } from '../base/deploy-error.js'
import { canonicalJson, digestOf } from '../base/hash.js'
import { formatDuration } from '../base/duration.js'
import { showRecorded } from '../base/moment.js'
import type { Plan, SavedPlan } from '../model/plan.js'
import { noState, observedDigest } from '../plan/build-plan.js'
import { hasMoved, writerOf } from './moved-state.js'
import { openHostBook } from './host-book.js'
import { observePlan } from './observe.js'
import { whoIs } from './under-lock.js'
import type { World } from './world.js'
import { readState } from './read-state.js'

/** A plan is a promise about a world that moves on; after a day it is no longer worth keeping. */
const longestLifeMs = 24 * 3_600_000

export async function savePlan(world: World, plan: Plan): Promise<string> {
  const content = {
    type: 'deployctl-plan',
    format: 1,
    createdAt: world.clock.now().toISOString(),
    createdBy: whoIs(world),
    plan,
  } as const
  const saved: SavedPlan = { ...content, signature: await sign(world, content) }
  return `${JSON.stringify(saved)}\n`
}

/** The plan in the text, when it still holds. */
export async function openSavedPlan(world: World, text: string, signal: AbortSignal): Promise<Plan> {
  const { signature, ...content } = parse(text)
  const expected = await sign(world, content)
  if (!sameText(signature, expected)) {
    throw new DeployError(
      'PLAN_TAMPERED',
      'the saved plan is not as deployctl wrote it, or it was written beside another state',
      {
        hint: 'make a new one: deployctl plan --out FILE',
      },
    )
  }
  const { plan } = content
  refuseOtherEnvironment(world, plan)
  const ageMs = world.clock.now().getTime() - Date.parse(content.createdAt)
  if (ageMs > longestLifeMs) {
    throw stale(
      `it was made ${formatDuration(ageMs)} ago by ${content.createdBy}; plans hold for ${formatDuration(longestLifeMs)}`,
    )
  }
  await refuseMoved(world, plan, content, signal)
  return plan
}

async function refuseMoved(
  world: World,
  plan: Plan,
  { createdAt, createdBy }: Pick<SavedPlan, 'createdAt' | 'createdBy'>,
  signal: AbortSignal,
): Promise<void> {
  const state = await readState(world)
  const { serial } = state ?? noState
  const made = `the plan was made ${showRecorded(createdAt)} by ${createdBy}`
  if (hasMoved(plan, state)) {
    throw stale(`it rests on serial ${plan.basis.serial} of the state, which is now at ${serial}`, [
      made,
      writerOf(state),
    ])
  }
  if (world.configDigest !== plan.basis.configDigest) throw stale('deploy.yaml has changed since', [made])
  const book = await openHostBook(world, state, signal)
  const { observed, skipped } = await observePlan(world, plan, state, book, signal)
  if (observedDigest(observed, skipped) !== plan.basis.observedDigest) {
    throw stale('what is really there has changed since', [made])
  }
}

function refuseOtherEnvironment(world: World, plan: Plan): void {
  const { project, environment } = world.config
  if (plan.project === project && plan.environment === environment) return
  throw new DeployError(
    'PLAN_STALE',
    `the plan is for ${plan.project} · ${plan.environment}, not for ${project} · ${environment}`,
    {
      hint: `deployctl apply FILE --env ${plan.environment}`,
    },
  )
}

function stale(why: string, details: readonly string[] = []): DeployError {
  return new DeployError('PLAN_STALE', `the saved plan is out of date: ${why}`, {
    details,
    hint: 'make a new one: deployctl plan --out FILE',
  })
}

function parse(text: string): SavedPlan {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw notAPlan(cause)
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'deployctl-plan')
    throw notAPlan()
  if (
    !('format' in value) ||
    value.format !== 1 ||
    !('signature' in value) ||
    typeof value.signature !== 'string'
  )
    throw notAPlan()
  // The signature over every field is checked next: what carries it has the shape that savePlan gave it.
  return value as SavedPlan
}

function notAPlan(cause?: unknown): DeployError {
  return new DeployError('PLAN_TAMPERED', 'the file is not a plan that this deployctl can read', {
    hint: 'make one: deployctl plan --out FILE',
    ...(cause === undefined ? {} : { cause }),
  })
}

async function sign(world: World, content: Omit<SavedPlan, 'signature'>): Promise<string> {
  return createHmac('sha256', await world.store.planKey())
    .update(canonicalJson(content))
    .digest('hex')
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(a)), Buffer.from(digestOf(b)))
}
