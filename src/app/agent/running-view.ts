/** What is known of the deployment that is under way, from its events. */
import type { RunningDeployment } from '../../model/agent.js'
import type { DeploymentEvent } from '../../model/event.js'
import type { StepEvent } from '../../model/journal.js'
import type { Verb } from '../../model/operation.js'

export interface RunningView {
  hear(event: DeploymentEvent): void
  end(): void
  now(): RunningDeployment | null
  verbOf(step: string): Verb | null
}

type StepView = RunningDeployment['steps'][number]

const statusAfter: { readonly [E in StepEvent]: StepView['status'] } = {
  'apply-started': 'running',
  'apply-succeeded': 'done',
  'apply-failed': 'failed',
  'revert-started': 'undoing',
  'revert-succeeded': 'undone',
  'revert-failed': 'failed',
}

export function createRunningView(changed: () => void): RunningView {
  let running: Omit<RunningDeployment, 'steps'> | null = null
  const steps = new Map<string, StepView>()
  const verbs = new Map<string, Verb>()
  const update = (id: string, change: Partial<StepView>): void => {
    const step = steps.get(id)
    if (step !== undefined) steps.set(id, { ...step, ...change })
  }
  const end = (): void => {
    running = null
    steps.clear()
    changed()
  }
  return {
    hear(event) {
      if (event.type === 'deployment-started') {
        const services = event.plan.changes
          .filter(({ kind }) => kind !== 'none')
          .map(({ service }) => service)
        running = { deployment: event.deployment, since: event.at, services }
        steps.clear()
        verbs.clear()
        for (const { id, title, service, apply } of event.plan.steps) {
          steps.set(id, { id, title, service, status: 'waiting', progress: null })
          verbs.set(id, apply.verb)
        }
      }
      if (event.type === 'step') update(event.step, { status: statusAfter[event.event], progress: null })
      if (event.type === 'step-progress') update(event.step, { progress: event.progress.label })
      if (event.type === 'deployment-finished') end()
      else if (event.type !== 'step-output') changed()
    },
    end,
    verbOf: (step) => verbs.get(step) ?? null,
    now: () => (running === null ? null : { ...running, steps: [...steps.values()] }),
  }
}
