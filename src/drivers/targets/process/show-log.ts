/** What an instance says, for people: its last lines, and all further ones where it is followed. */
import { stat } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import type { OutputLine } from '../../../model/event.js'
import type { Instance } from '../../../model/instance.js'
import { logFileOf } from './logs.js'
import type { Place } from './place.js'

const readWithinMs = 60_000
/** Nobody follows for ever. */
const longestMs = 24 * 60 * 60_000

export async function showLog(
  { layout, ports }: Place,
  instance: Instance,
  { lastLines, follow }: { readonly lastLines: number; readonly follow: boolean },
  onLine: (line: OutputLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = logFileOf(layout, instance.name)
  if ((await stat(file).catch(() => null)) === null) {
    throw new DeployError('TARGET_REFUSED', `${instance.name} has said nothing yet: ${file} is not there.`)
  }
  // by its name, so that it is followed beyond the moment when it is emptied
  const command = { run: ['tail', '-n', `${lastLines}`, ...(follow ? ['-F'] : []), file] }
  const request = {
    command,
    directory: '/',
    timeoutMs: follow ? longestMs : readWithinMs,
    onLine: (line: OutputLine) => (line.stream === 'stdout' ? onLine(line) : undefined), // tail's own remarks
  }
  await ports.shell.run(request, signal)
}
