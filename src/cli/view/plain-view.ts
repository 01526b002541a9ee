/** A deployment as plain lines, for pipes and logs: one when a step begins, one when it ends, and a sign of life between. */
import { formatDuration } from '../../base/duration.js'
import { describeOperation } from '../../model/describe-operation.js'
import type { StepEvent } from '../../model/journal.js'
import { isOperation } from '../../model/operation.js'
import type { Plan, Step } from '../../model/plan.js'
import { createProgressText } from './progress-text.js'
import type { EventOf, ProgressView } from './progress.js'
import type { Terminal } from './terminal.js'

/** How often a long step says how far it is. */
const signOfLifeMs = 10_000

export function createPlainView(terminal: Terminal): ProgressView {
  let plan: Plan | null = null
  let steps: ReadonlyMap<string, Step> = new Map()
  const lastWords = new Map<string, number>()
  const texts = new Map<string, ReturnType<typeof createProgressText>>()

  const onStep = (event: EventOf<'step'>): void => {
    const step = steps.get(event.step)
    const line = plan === null || step === undefined ? null : stepLine(event, step, plan)
    lastWords.set(event.step, Date.parse(event.at))
    if (line !== null && step !== undefined) terminal.out(`${tag(step)} ${line}`)
  }
  const onProgress = ({ step: id, at, progress }: EventOf<'step-progress'>): void => {
    const step = steps.get(id)
    if (step === undefined) return
    const text = texts.get(id) ?? createProgressText()
    texts.set(id, text)
    const words = text(progress, at)
    if (Date.parse(at) - (lastWords.get(id) ?? 0) < signOfLifeMs) return
    lastWords.set(id, Date.parse(at))
    terminal.out(`${tag(step)} … ${words}`)
  }
  return {
    handle(event) {
      if (event.type === 'deployment-started') {
        plan = event.plan
        steps = new Map(plan.steps.map((step) => [step.id, step]))
        terminal.out(`deployment ${event.deployment}`)
      }
      if (event.type === 'step') onStep(event)
      if (event.type === 'step-progress') onProgress(event)
      if (event.type === 'warning') terminal.err(`warning: ${event.message}`)
      if (event.type === 'unwind-started') terminal.out(`undoing${where(event)}: ${event.cause.message}`)
    },
    end: () => Promise.resolve(),
  }
}

/** Single hosts by name; else it is all of the services concerned. */
function where({ services, lanes = [] }: EventOf<'unwind-started'>): string {
  if (services.length > 0 || lanes.length === 0) return ''
  return ` ${lanes.map(({ service, host }) => `${service} on ${host}`).join(', ')}`
}

function tag(step: Step): string {
  return `[${step.service ?? 'deployment'}]`
}

/** Null for what is not worth a line: undoing a step that leaves nothing to undo. */
function stepLine({ event, durationMs, error }: EventOf<'step'>, step: Step, plan: Plan): string | null {
  const undo = isOperation(step.revert) ? describeOperation(step.revert, plan.instances) : null
  const took = durationMs === undefined ? '' : ` (${formatDuration(durationMs)})`
  const why = error === undefined ? '' : `: ${error.message}`
  const lines: { readonly [E in StepEvent]: string | null } = {
    'apply-started': `${step.title} …`,
    'apply-succeeded': `${step.title}: done${took}`,
    'apply-failed': `${step.title}: ${error?.code === 'CANCELLED' ? `cancelled${took}` : `failed${took}${why}`}`,
    'revert-started': undo === null ? null : `undo: ${undo} …`,
    'revert-succeeded': undo === null ? null : `undo: ${undo}: done${took}`,
    'revert-failed': `undo: ${undo ?? step.title}: failed${took}${why}`,
  }
  return lines[event]
}
