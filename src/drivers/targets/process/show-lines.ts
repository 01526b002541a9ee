/** What a command prints of a release's output, for people: its last lines, and all further ones where it follows. */
import type { OutputLine } from '../../../model/event.js'
import type { Ports } from '../../../model/ports.js'

const readWithinMs = 60_000
/** Nobody follows for ever. */
const longestMs = 24 * 60 * 60_000

export async function showLines(
  { shell }: Ports,
  { run, follow }: { readonly run: readonly string[]; readonly follow: boolean },
  onLine: (line: OutputLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const request = {
    command: { run },
    directory: '/',
    timeoutMs: follow ? longestMs : readWithinMs,
    onLine: (line: OutputLine) => (line.stream === 'stdout' ? onLine(line) : undefined), // its own remarks
  }
  await shell.run(request, signal)
}
