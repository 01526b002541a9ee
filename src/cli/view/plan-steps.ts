/** The lower half of a plan: the steps, those of many hosts as one, each with what undoes it and its risks below it. */
import { formatSize } from '../../base/size.js'
import { describeRevert } from '../../model/describe-operation.js'
import { isOperation, type Operation } from '../../model/operation.js'
import type { Plan, Step } from '../../model/plan.js'
import { groupSteps, groupTitle, type StepGroup } from './host-groups.js'
import type { Style } from './terminal.js'
import { padEnd, padStart, paragraph, textWidth, wrap } from './text-width.js'

const gap = 2

interface Row {
  readonly verb: string
  readonly what: string
  readonly undo: string
  readonly step: Step
}

export function stepLines(plan: Plan, style: Style): readonly string[] {
  if (plan.steps.length === 0) return []
  const rows = groupSteps(plan).map((group) => rowOf(group, plan))
  const number = String(rows.length).length
  const verb = Math.max(...rows.map((row) => textWidth(row.verb)))
  const room = style.width - 1 - number - 1 - verb - 1 - gap
  const undoWanted = Math.max('if anything fails'.length, ...rows.map((row) => textWidth(row.undo)))
  const whatWanted = Math.max('step'.length, ...rows.map((row) => textWidth(row.what)))
  const undo = Math.min(undoWanted, Math.max(room - whatWanted, Math.floor(room * 0.42)))
  const what = Math.min(whatWanted, room - undo)
  const title = ` ${' '.repeat(number)} ${padEnd('step', verb + 1 + what)}${' '.repeat(gap)}if anything fails`
  const widths = { number, verb, what, undo }
  return [style.paint.faint(title), ...rows.flatMap((row, index) => linesOf(row, index, widths, style))]
}

type Widths = { readonly number: number; readonly verb: number; readonly what: number; readonly undo: number }

function linesOf(
  { verb, what, undo, step }: Row,
  index: number,
  widths: Widths,
  style: Style,
): readonly string[] {
  const [left, right] = [wrap(what, widths.what), wrap(undo, widths.undo)]
  const undoColour = undoPaint(step, style)
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, line) => {
    const number = padStart(line === 0 ? String(index + 1) : '', widths.number)
    const text = padEnd(left[line] ?? '', widths.what)
    const action = padEnd(line === 0 ? verb : '', widths.verb)
    return ` ${style.paint.faint(number)} ${style.paint.strong(action)} ${text}${' '.repeat(gap)}${undoColour(right[line] ?? '')}`.trimEnd()
  })
  const indent = 1 + widths.number + 1
  const said = (message: string): boolean => undo.includes(message)
  const risks = step.risks
    .filter(({ message }) => !said(message))
    .map(({ kind, message }) => {
      const colour = kind === 'irreversible' ? style.paint.bad : style.paint.careful
      return colour(paragraph(`! ${message}`, style.width, indent, indent + 2))
    })
  return [...lines, ...risks]
}

function undoPaint(step: Step, style: Style): (text: string) => string {
  const { revert } = step
  if (isIrreversible(step)) return style.paint.bad
  return isOperation(revert) ? (text) => text : style.paint.faint
}

/** Whether saying yes to this step is for good. Pruning is for good by nature, and only takes what nothing needs. */
export function isIrreversible(step: Step): boolean {
  return 'irreversible' in step.revert && step.apply.verb !== 'prune'
}

function rowOf(group: StepGroup, plan: Plan): Row {
  const step = group.first
  const [verb = '', ...rest] = groupTitle(group, moreOf(step.apply, plan)).split(' ')
  return {
    verb,
    what: rest.join(' '),
    undo: step.apply.verb === 'prune' ? '– (comes last)' : describeRevert(step.revert, plan.instances),
    step,
  }
}

/** What a plan can say beside a title: how big a release is, what a check looks at. */
function moreOf(operation: Operation, plan: Plan): string {
  if (operation.verb === 'stage') {
    const size = plan.instances[operation.instance]?.release.artifact.size
    return size === undefined ? '' : `, ${formatSize(size)}`
  }
  if (operation.verb === 'check') {
    const spec = plan.specs[plan.instances[operation.instances[0] ?? '']?.specDigest ?? '']
    return spec === undefined ? '' : `: ${spec.checks.map(({ name }) => name).join(', ')}`
  }
  return ''
}
