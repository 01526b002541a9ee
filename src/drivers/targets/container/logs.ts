/** What a container says, as it comes: its last lines, and where it is followed all further ones. */
import { DeployError } from '../../../base/deploy-error.js'
import type { OutputLine } from '../../../model/event.js'
import type { Instance } from '../../../model/instance.js'
import { captureOutput } from '../../system/output-capture.js'
import { findContainer } from './containers.js'
import { unframe } from './engine/unframe.js'
import { containerName } from './names.js'
import type { Place } from './place.js'

const deadlineMs = 60_000
/** One that is silent for a day is not followed any longer. */
const longestMs = 24 * 60 * 60_000

export async function logsOf(
  place: Place,
  instance: Instance,
  { lastLines, follow }: { readonly lastLines: number; readonly follow: boolean },
  onLine: (line: OutputLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const container = await findContainer(place, instance, signal)
  if (container === null) {
    throw new DeployError(
      'TARGET_REFUSED',
      `There is no container ${containerName(place.scope, instance)}.`,
      {
        hint: 'deployctl plan shows what is not as it is recorded; deployctl apply puts it right.',
      },
    )
  }
  const capture = captureOutput(onLine)
  const limitMs = follow ? longestMs : deadlineMs
  const question = {
    doing: 'read the container’s log',
    method: 'GET',
    path: `/containers/${container.Id}/logs`,
    query: { stdout: 'true', stderr: 'true', tail: `${lastLines}`, follow: String(follow) },
    deadlineMs: limitMs,
  } as const
  const onBytes = unframe((stream, bytes) => capture.write(stream, bytes), container.Config.Tty !== true)
  try {
    await place.engine.stream(question, { stallMs: limitMs, onBytes }, signal)
  } catch (error) {
    // told to stop is how following ends
    if (!follow || !(error instanceof DeployError) || error.code !== 'CANCELLED') throw error
  } finally {
    capture.end()
  }
}
