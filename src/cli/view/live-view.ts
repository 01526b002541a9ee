/** A deployment on a terminal: a line per step, what it does and how far it is, and what is being undone below. */
import { formatDuration } from '../../base/duration.js'
import { describeOperation } from '../../model/describe-operation.js'
import type { StepEvent } from '../../model/journal.js'
import { isOperation } from '../../model/operation.js'
import type { Plan, Step } from '../../model/plan.js'
import { createLiveList, type LiveList, type LiveTask } from './live-list.js'
import { inWindow, type Progressing } from './live-window.js'
import { createProgressText } from './progress-text.js'
import type { EarlierStatuses, EventOf, ProgressView } from './progress.js'
import type { Style, Terminal } from './terminal.js'
import { cut } from './text-width.js'

interface Row {
  state: Progressing
  readonly task: LiveTask
  readonly title: string
  readonly progress: ReturnType<typeof createProgressText>
}

interface Screen {
  readonly list: LiveList
  readonly terminal: Terminal
  readonly plan: Plan
  readonly stepOf: ReadonlyMap<string, Step>
  readonly steps: Map<string, Row>
  /** In the order in which they began: newest step first. */
  readonly reverts: Map<string, Row>
  readonly notes: LiveTask[]
  readonly above: LiveTask
  readonly below: LiveTask
  readonly undoing: LiveTask
}

/** Beside a title: its mark, and how it ended. */
const roomForEnding = 20

const stateAfter: { readonly [E in StepEvent]: Progressing } = {
  'apply-started': 'running',
  'apply-succeeded': 'done',
  'apply-failed': 'failed',
  'revert-started': 'running',
  'revert-succeeded': 'done',
  'revert-failed': 'failed',
}

export async function createLiveView(terminal: Terminal, earlier: EarlierStatuses): Promise<ProgressView> {
  const list = await createLiveList()
  let screen: Screen | null = null
  return {
    handle(event) {
      if (event.type === 'deployment-started') {
        const begun = openScreen(event.plan, list, terminal, earlier)
        screen = begun
        terminal.divert((text) => addNote(begun, text))
        list.begin()
      }
      if (screen === null) return
      if (event.type === 'step') showStep(screen, event)
      if (event.type === 'step-progress') showProgress(screen, event)
      if (event.type === 'step-output') showOutput(screen, event)
      if (event.type === 'warning') addNote(screen, `warning: ${event.message}`)
    },
    async end() {
      terminal.divert(null)
      await list.end()
    },
  }
}

function openScreen(plan: Plan, list: LiveList, terminal: Terminal, earlier: EarlierStatuses): Screen {
  const steps = plan.steps.map((step): readonly [string, Row] => {
    const row = rowFor(step.title, earlier.get(step.id) === 'applied' ? 'done' : 'waiting', list, terminal)
    return [step.id, row]
  })
  const screen: Screen = {
    list,
    terminal,
    plan,
    stepOf: new Map(plan.steps.map((step) => [step.id, step])),
    steps: new Map(steps),
    reverts: new Map(),
    notes: [],
    above: list.add('', 'done'),
    below: list.add('', 'waiting'),
    undoing: list.add('undoing, newest first:', 'note'),
  }
  draw(screen)
  return screen
}

function rowFor(title: string, state: Progressing, list: LiveList, terminal: Terminal): Row {
  const clean = cut(terminal.clean(title), terminal.style.width - roomForEnding)
  return { state, task: list.add(clean, state), title: clean, progress: createProgressText() }
}

/** Decides what fits on the screen. */
function draw({ list, terminal, steps, reverts, notes, above, below, undoing }: Screen): void {
  const space = Math.max(6, terminal.rows - 6 - Math.min(notes.length, 4))
  const undone = reverts.size === 0 ? [] : inWindow([...reverts.values()], Math.floor(space / 2)).visible
  const done = inWindow([...steps.values()], space - undone.length)
  above.title$ = `${done.above} more done`
  below.title$ = `${done.below} more to come`
  list.show([
    ...(done.above === 0 ? [] : [above]),
    ...done.visible.map(({ task }) => task),
    ...(done.below === 0 ? [] : [below]),
    ...(undone.length === 0 ? [] : [undoing, ...undone.map(({ task }) => task)]),
    ...notes,
  ])
}

function addNote(screen: Screen, text: string): void {
  screen.notes.push(screen.list.add(screen.terminal.clean(text), 'note'))
  draw(screen)
}

function showStep(screen: Screen, event: EventOf<'step'>): void {
  const { list, terminal, plan } = screen
  const step = screen.stepOf.get(event.step)
  if (step === undefined) return
  const row = event.event.startsWith('revert') ? revertRow(screen, step, plan) : screen.steps.get(step.id)
  if (row === undefined) return
  row.state = stateAfter[event.event]
  row.task.title$ = `${row.title}${endingOf(event, terminal.style)}`
  const tolerated = row.state === 'failed' && (step.tolerant || event.error?.code === 'CANCELLED')
  list.mark(row.task, tolerated ? 'note' : row.state)
  draw(screen)
}

/** Undefined where undoing means doing nothing. */
function revertRow({ list, terminal, reverts }: Screen, step: Step, plan: Plan): Row | undefined {
  if (!isOperation(step.revert)) return undefined
  const row =
    reverts.get(step.id) ?? rowFor(describeOperation(step.revert, plan.instances), 'waiting', list, terminal)
  reverts.set(step.id, row)
  return row
}

function runningRow({ steps, reverts }: Screen, id: string): Row | undefined {
  return [reverts.get(id), steps.get(id)].find((row) => row?.state === 'running')
}

function showProgress(screen: Screen, { step, at, progress }: EventOf<'step-progress'>): void {
  const row = runningRow(screen, step)
  if (row === undefined) return
  const words = screen.terminal.clean(row.progress(progress, at))
  row.task.title$ = `${row.title}  ${screen.terminal.style.paint.faint(words)}`
}

function showOutput(screen: Screen, { step, line }: EventOf<'step-output'>): void {
  const row = runningRow(screen, step)
  if (row !== undefined) row.task.output$ = screen.terminal.clean(line.text)
}

function endingOf({ durationMs, error, event }: EventOf<'step'>, { paint }: Style): string {
  const took = durationMs === undefined ? '' : `  ${paint.faint(formatDuration(durationMs))}`
  if (event !== 'apply-failed' && event !== 'revert-failed') return took
  return error?.code === 'CANCELLED' ? `  ${paint.faint('cancelled')}` : `  ${paint.bad('failed')}${took}`
}
