/** A plan as text: header, services, drift, notices, steps with what undoes them, and one line that sums it up. */
import { shortDigest } from '../../base/hash.js'
import type { ChangeKind } from '../../model/change.js'
import type { Notice, Plan } from '../../model/plan.js'
import { changeLines } from './plan-changes.js'
import { isIrreversible, stepLines } from './plan-steps.js'
import type { Style } from './terminal.js'
import { paragraph, textWidth } from './text-width.js'

export async function planText(plan: Plan, style: Style): Promise<string> {
  const parts = [
    [headerLine(plan, style)],
    await changeLines(plan, style),
    driftLines(plan, style),
    onlyLines(plan, style),
    noticeLines(plan.notices, style),
    stepLines(plan, style),
    [paragraph(summary(plan), style.width, 0)],
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** Whether applying the plan would do or record anything. */
export function hasChanges(plan: Plan): boolean {
  return plan.steps.length > 0 || plan.changes.some(({ kind }) => kind !== 'none')
}

function headerLine(plan: Plan, style: Style): string {
  const what = plan.command === 'apply' ? '' : ` · ${plan.command}`
  const serial = plan.basis.serial === 0 ? 'no state yet' : `state ${plan.basis.serial}`
  return header(
    `${plan.project} · ${plan.environment}${what}`,
    `${serial}, config ${shortDigest(plan.basis.configDigest)}`,
    style,
  )
}

/** A title to the left, what it rests on to the right. */
export function header(left: string, right: string, style: Style): string {
  const blanks = style.width - textWidth(left) - textWidth(right)
  if (blanks < 2) return `${style.paint.strong(left)}\n${style.paint.faint(right)}`
  return `${style.paint.strong(left)}${' '.repeat(blanks)}${style.paint.faint(right)}`
}

function driftLines(plan: Plan, style: Style): readonly string[] {
  if (plan.drift.length === 0) return []
  return [
    style.paint.careful(
      paragraph('Drift: what is there is not what is recorded. Applying repairs it.', style.width, 2),
    ),
    ...plan.drift.flatMap(({ service, host, message, evidence }) => [
      paragraph(`${service}${host === 'local' ? '' : ` on ${host}`}: ${message}`, style.width, 4, 6),
      ...evidence.map((line) => style.paint.faint(paragraph(line, style.width, 6, 8))),
    ]),
  ]
}

function onlyLines({ only }: Plan, style: Style): readonly string[] {
  if (only === undefined) return []
  const words = [
    ...only.hosts.map((name) => `--host ${name}`),
    ...only.limit.map((which) => `--limit ${which}`),
  ]
  const text = `Only ${words.join(' ')}: all other hosts keep what they have, and the next apply without it brings them up to date.`
  return [style.paint.careful(paragraph(text, style.width, 2))]
}

function noticeLines(notices: readonly Notice[], style: Style): readonly string[] {
  return notices.flatMap(({ service, message, hint }) => [
    paragraph(
      `note: ${service === null || message.startsWith(service) ? '' : `${service}: `}${message}`,
      style.width,
      2,
      8,
    ),
    ...(hint === undefined ? [] : [style.paint.link(paragraph(hint, style.width, 8))]),
  ])
}

function summary(plan: Plan): string {
  if (!hasChanges(plan)) return `Nothing to do${nothingBecause(plan)}.`
  const count = (kind: ChangeKind): number => plan.changes.filter((change) => change.kind === kind).length
  const replaced = count('replace')
  const counts = [
    `${count('create')} to add`,
    `${count('update')} to change`,
    ...(replaced === 0 ? [] : [`${replaced} to replace`]),
    `${count('remove')} to remove`,
  ]
  if (plan.command === 'restart') return `Restart: ${undoSentence(plan)}`
  const name = plan.command === 'rollback' ? 'Rollback' : 'Plan'
  return `${name}: ${counts.join(', ')}. ${undoSentence(plan)}`
}

/** Where a pin, a hold or the age of a release keeps a service from what deploy.yaml asks for, a note has said so. */
function nothingBecause({ command, notices }: Plan): string {
  if (command === 'rollback') return ': what serves is what was asked for'
  return notices.length === 0 ? ': everything is as deploy.yaml asks for' : ', as things are'
}

function undoSentence(plan: Plan): string {
  const steps = plan.steps.length
  if (steps === 0) return 'No steps: only the record changes.'
  const amount = `${steps} ${steps === 1 ? 'step' : 'steps'}`
  const irreversible = plan.steps.filter(isIrreversible).length
  if (irreversible > 0) {
    return `${amount}, of which ${irreversible} cannot be undone and must be allowed: --allow irreversible.`
  }
  const prunes = plan.steps.filter(({ apply }) => apply.verb === 'prune').length
  if (prunes === 0) return `${amount}; ${steps === 1 ? 'it' : 'every one'} can be undone.`
  return `${amount}; every one can be undone, until old releases are removed at the end.`
}
