/** What a release has said, wherever its keeper has it written: a file below the target's path, or the journal. */
import type { OutputLine } from '../../../model/event.js'

export interface Output {
  /** The last ones; empty where there are none. */
  lastLines(name: string, signal: AbortSignal): Promise<readonly string[]>
  show(
    name: string,
    request: { readonly lastLines: number; readonly follow: boolean },
    onLine: (line: OutputLine) => void,
    signal: AbortSignal,
  ): Promise<void>
  remove(names: readonly string[]): Promise<void>
}
