/**
 * A list on a terminal, drawn by listr2. Listr is a view here: its tasks are never run; whoever has the list sets their
 * states, titles and outputs, and listr's renderer redraws them. Order, failure and signals are the engine's alone.
 */
import type { Listr, ListrDefaultRendererOptions } from 'listr2'

type List = Listr<unknown, 'default', 'default'>
export type LiveTask = List['tasks'][number]

/** What a line's mark says. `note` is neither good nor bad: something worth knowing. */
export type Mark = 'waiting' | 'running' | 'done' | 'failed' | 'note'

export interface LiveList {
  add(title: string, mark: Mark): LiveTask
  mark(task: LiveTask, mark: Mark): void
  /** What is to be seen from now on, in this order. */
  show(tasks: readonly LiveTask[]): void
  begin(): void
  end(): Promise<void>
}

/** Lines of a running step's output that are shown below it. */
const outputLines = 3

export async function createLiveList(): Promise<LiveList> {
  const { DefaultRenderer, Listr, ListrTaskState } = await import('listr2')
  const states = {
    waiting: ListrTaskState.WAITING,
    running: ListrTaskState.STARTED,
    done: ListrTaskState.COMPLETED,
    failed: ListrTaskState.FAILED,
    note: ListrTaskState.SKIPPED,
  } as const satisfies Record<Mark, unknown>
  const rendererOptions: ListrDefaultRendererOptions = {
    collapseErrors: false,
    collapseSkips: true,
    showErrorMessage: false,
    showSkipMessage: false,
    formatOutput: 'truncate',
    icon: { SKIPPED_WITH_COLLAPSE: '!', WAITING: ' ', OUTPUT: '│', FAILED: '✗' },
  }
  const options = {
    renderer: 'default',
    registerSignalListeners: false,
    exitOnError: false,
    rendererOptions,
  } as const
  const list: List = new Listr<unknown, 'default', 'default'>([], options)
  const renderer = new DefaultRenderer(list.tasks, rendererOptions, list.events)
  let rendering: Promise<void> | null = null

  return {
    add(title, mark) {
      // A list of its own has events of its own, so that a change does not redraw the screen: the renderer does that
      // ten times a second, however many steps there are.
      const own: List = new Listr<unknown, 'default', 'default'>(
        { title, task: () => undefined, rendererOptions: { outputBar: outputLines } },
        options,
      )
      const [task] = own.tasks
      if (task === undefined) throw new Error('live list: listr made no task')
      void task.check(undefined) // makes it visible
      task.state$ = states[mark]
      return task
    },
    mark(task, mark) {
      task.state$ = states[mark]
    },
    show(tasks) {
      list.tasks.splice(0, Infinity, ...tasks)
    },
    begin() {
      rendering = renderer.render()
    },
    async end() {
      if (rendering === null) return
      await rendering
      rendering = null
      renderer.end()
    },
  }
}
