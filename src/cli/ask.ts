/** Asks a person on the terminal. Ctrl-C, Ctrl-D, an abort and a terminal that goes away are an answer, too: none. */
import { createInterface, type Interface } from 'node:readline'
import type { Terminal } from './view/terminal.js'

export async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) return null
  const { input, output, errors } = terminal.streams
  const lines = createInterface({
    input,
    output: output.isTTY === true ? output : errors,
    terminal: true,
    historySize: 0,
  })
  const close = (): void => lines.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    return await new Promise<string | null>((resolve) => {
      surviveHangup(lines, () => resolve(null))
      lines.on('SIGINT', close)
      lines.on('close', () => resolve(null))
      lines.question(question, (answer) => resolve(answer.trim()))
    })
  } finally {
    signal.removeEventListener('abort', close)
    lines.close()
  }
}

/** readline puts the terminal back when it closes, also from within events; of one that is gone that throws. */
function surviveHangup(lines: Interface, gone: () => void): void {
  const close = lines.close.bind(lines)
  lines.close = () => {
    try {
      close()
    } catch {
      gone()
    }
  }
}
