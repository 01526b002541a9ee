/** How a deployment ended, for people: what failed and where, the last thing seen, what serves now, what to do next. */
import type { ErrorReport } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import { describeOperation } from '../../model/describe-operation.js'
import { isOperation } from '../../model/operation.js'
import type { Failure, HostFailure, Outcome } from '../../model/outcome.js'
import type { Plan } from '../../model/plan.js'
import { evidenceLines, headline } from './error-view.js'
import type { Finished, OutcomeContext } from './finished.js'
import { whatNext } from './what-next.js'
import { afterTitle, heldAfter, nowServing, recordChanges, whatBecame } from './outcome-words.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

/** A failed container’s or command’s last fifty lines, and what was seen of it. */
const evidenceShown = 60
/** The same for what failed beside the point. */
const asideShown = 5

export function outcomeText(result: Finished, context: OutcomeContext): string {
  const { outcome, unrecorded } = result
  const parts =
    outcome.kind === 'stuck'
      ? stuckParts(result, context)
      : outcome.kind === 'unwound'
        ? unwoundParts(result, context)
        : appliedParts(result, context)
  return [
    ...parts,
    ...(unrecorded === null ? [] : unrecordedParts(result, context)),
    whatNext(result, context),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const doneWords = { apply: 'Applied', rollback: 'Rolled back', restart: 'Restarted' } as const

function appliedParts({ plan, outcome, unrecorded }: Finished, { style }: OutcomeContext): readonly string[] {
  const verb = doneWords[plan.command]
  const text = `${verb} in ${formatDuration(outcome.durationMs)}: ${whatBecame(plan, Object.keys(outcome.services))}.`
  const mark = unrecorded === null ? style.paint.good(`✓ ${text}`) : `  ${text}`
  return [
    paragraph(mark, style.width, 0, 2),
    lines([
      ...laggingLines(outcome, plan, style),
      ...leftoverLines(outcome, style),
      ...tolerated(outcome, plan, style),
      ...recordChanges(plan).map((line) => paragraph(line, style.width, 2)),
    ]),
  ]
}

function unwoundParts({ plan, outcome, deployment }: Finished, context: OutcomeContext): readonly string[] {
  const { style } = context
  const [first, ...others] = outcome.failures
  const ailing = new Set(outcome.unhealthy.map(({ service }) => service))
  const undone = servicesWith(outcome, 'unwound').filter((service) => !ailing.has(service))
  const took = outcome.unwindMs > 0 ? ` in ${formatDuration(outcome.unwindMs)}` : ''
  const clean = outcome.unhealthy.length === 0 && outcome.leftovers.length === 0
  const now =
    ailing.size > 0 && undone.length === 0
      ? `Unwound${took}.`
      : `Unwound${took}: ${nowServing(plan, undone)}.`
  const good = context.unwindWanted && clean
  const head = good
    ? style.paint.good(paragraph(`✓ ${now}`, style.width, 0, 2))
    : context.unwindWanted
      ? headline('It was undone, but not everything is as it was.', style)
      : failureParts(first, plan, context).join('\n\n')
  const also = others.filter(({ error }) => error.code !== 'CANCELLED')
  const kept = servicesWith(outcome, 'applied')
  return [
    head,
    good ? '' : lines(also.map((failure) => alsoFailed(failure, plan, style))),
    lines([
      ...(good ? [] : [paragraph(now, style.width, 2)]),
      ...(kept.length === 0
        ? []
        : [paragraph(`Deployed all the same: ${whatBecame(plan, kept)}.`, style.width, 2)]),
      ...laggingLines(outcome, plan, style),
      ...heldAfter(plan, outcome, deployment).map((line) => paragraph(line, style.width, 2)),
      ...tolerated(outcome, plan, style),
    ]),
    lines(unhealthyLines(outcome, style)),
    lines(leftoverLines(outcome, style)),
  ]
}

/** `✗ web v1.0.1 was not deployed: …` and what was seen. */
function failureParts(failure: Failure | undefined, plan: Plan, context: OutcomeContext): readonly string[] {
  const { style, interruptedBy } = context
  const what = afterTitle(plan, failure?.service ?? null)
  if (failure?.error.code === 'ABORTED') return [headline(`${what}: ${failure.error.message}`, style)]
  if (failure === undefined || failure.step === null) {
    const by = interruptedBy === null ? 'Interrupted' : `Interrupted by ${interruptedBy}`
    return [headline(`${by}: ${what}.`, style)]
  }
  const evidence = evidenceLines(lastOf(failure.error, evidenceShown), style, 4)
  return [
    headline(`${what}: ${failure.error.message}`, style),
    ...(evidence.length === 0 ? [] : [evidence.join('\n')]),
  ]
}

/** The end of what was seen: the rest, when it is long, would push what matters off the screen. */
function lastOf(error: ErrorReport, most: number): ErrorReport {
  const details = error.details ?? []
  if (details.length <= most) return error
  const more = `… ${details.length - most + 1} more lines: see the whole story`
  return { ...error, details: [more, ...details.slice(1 - most)] }
}

function stuckParts({ plan, outcome, deployment }: Finished, context: OutcomeContext): readonly string[] {
  const { style } = context
  const [first] = outcome.failures
  return [
    ...outcome.stuck.map((failure) =>
      lines([
        headline(
          `${failure.service ?? 'the deployment'} is stuck: ${undoTitle(failure, plan)} failed: ${failure.error.message}`,
          style,
        ),
        ...evidenceLines(failure.error, style, 4),
      ]),
    ),
    first === undefined
      ? ''
      : lines([
          paragraph(
            `It was being undone because of this: ${first.step === null ? '' : `${afterTitle(plan, first.service)}: `}${first.error.message}`,
            style.width,
            2,
          ),
          ...evidenceLines(first.error, style, 4),
        ]),
    lines(leftoverLines(outcome, style)),
    style.paint.careful(
      paragraph(
        'A person is needed. Mend the cause above, then undo the rest. Until then the environment stays as it is, and ' +
          `nothing else can be deployed to it. The journal of deployment ${deployment} is kept.`,
        style.width,
        2,
      ),
    ),
  ]
}

function unrecordedParts({ unrecorded }: Finished, { style }: OutcomeContext): readonly string[] {
  if (unrecorded === null) return []
  return [
    lines([
      headline(`The state could not be written: ${unrecorded.message}`, style),
      ...evidenceLines(unrecorded, style, 4),
    ]),
    paragraph(
      'What is said above is done, but not recorded. Lock and journal are kept; recover finishes it.',
      style.width,
      2,
    ),
  ]
}

function undoTitle({ step }: Failure, plan: Plan): string {
  const found = plan.steps.find(({ id }) => id === step)
  if (found === undefined) return 'undoing'
  return isOperation(found.revert)
    ? `"${describeOperation(found.revert, plan.instances)}"`
    : `undoing "${found.title}"`
}

function alsoFailed({ service, error }: Failure, plan: Plan, style: Style): string {
  return paragraph(`also: ${afterTitle(plan, service)}: ${error.message}`, style.width, 2, 4)
}

function tolerated({ warnings }: Outcome, plan: Plan, style: Style): readonly string[] {
  const { paint, width } = style
  return warnings.flatMap(({ step, error }) => {
    const title = plan.steps.find(({ id }) => id === step)?.title
    return [
      paint.careful(
        paragraph(`! ${title === undefined ? '' : `${title} failed: `}${error.message}`, width, 2, 4),
      ),
      ...evidenceLines(lastOf(error, asideShown), style, 6),
    ]
  })
}

/** Hosts that failed alone, those with the same trouble together. */
function laggingLines({ lagging }: Outcome, plan: Plan, style: Style): readonly string[] {
  const groups = new Map<string, HostFailure[]>()
  for (const one of lagging) {
    const key = `${one.service} ${one.error.message.replaceAll(one.host, '')}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const hosts = [first, ...others].map(({ host }) => host).join(', ')
    const text = `! ${afterTitle(plan, first.service)} on ${hosts}: ${first.error.message}`
    const next = 'Left as before; the next apply tries again.'
    return [
      style.paint.careful(paragraph(text, style.width, 2, 4)),
      ...evidenceLines(lastOf(first.error, asideShown), style, 6),
      paragraph(next, style.width, 4),
    ]
  })
}

function unhealthyLines({ unhealthy }: Outcome, style: Style): readonly string[] {
  return unhealthy.flatMap(({ service, error }) => [
    style.paint.bad(
      paragraph(
        `! ${service ?? 'it'} is back, but does not answer its checks: ${error.message}`,
        style.width,
        2,
        4,
      ),
    ),
    ...evidenceLines(error, style, 6),
  ])
}

function leftoverLines({ leftovers }: Outcome, { paint, width }: Style): readonly string[] {
  return leftovers.map(({ step, reason }) =>
    paint.bad(paragraph(`! not undone: ${step}, because ${reason}`, width, 2, 4)),
  )
}

function servicesWith(outcome: Outcome, kind: Outcome['kind']): readonly string[] {
  return Object.entries(outcome.services).flatMap(([service, ended]) => (ended === kind ? [service] : []))
}

function lines(parts: readonly string[]): string {
  return parts.join('\n')
}
