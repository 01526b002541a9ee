/** `deployctl status`: what serves, and whether it is as recorded; with --watch, whenever that changes. */
import { exitCodes } from '../../base/deploy-error.js'
import type { StatusReport } from '../../app/requests.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'
import { statusText } from '../view/status-view.js'

/** Without an agent there is nobody to say that something has changed. */
const lookEveryMs = 2000

export const status: CommandRun = async (context) => {
  const { terminal, signal, options, services } = context
  const session = await openSession(context)
  const clock = await services.loadClock()
  let shown = ''
  for (;;) {
    const report = await session.useCases.showStatus(signal)
    const essence = essenceOf(report)
    if (essence !== shown) {
      terminal.record('status', report)
      const gap = shown === '' ? '' : `\n${terminal.style.paint.faint(session.now().toISOString())}\n`
      terminal.out(`${gap}${statusText(report, terminal.style, session.now(), flagsOf(context))}`)
    }
    shown = essence
    if (!options.watch) return exitCodes.done
    await clock.sleep(lookEveryMs, signal)
    if (signal.aborted) return exitCodes.done
  }
}

/** All but the sign of life that a lock gives every few seconds. */
function essenceOf({ lock, ...report }: StatusReport): string {
  return JSON.stringify({ ...report, lock: lock === null ? null : { ...lock, heartbeat: '' } })
}
