/** Prints what copies of a service say: with the name of the copy where there are several. */
import type { CopyListener } from '../app/look-inside.js'
import type { CommandContext } from './command.js'
import { hostLine } from './view/hosts-view.js'

export function copyLines({ terminal }: Pick<CommandContext, 'terminal'>): CopyListener {
  let width = 0
  return {
    onCopies: (names) => (width = names.length < 2 ? 0 : Math.max(...names.map(({ length }) => length))),
    onLine(copy, { stream, text }) {
      terminal.record('line', { copy, stream, text })
      const style = stream === 'stdout' ? terminal.style : terminal.errorStyle
      const line = width === 0 ? text : hostLine(copy, text, width, style)
      if (stream === 'stdout') terminal.out(line)
      else terminal.err(line)
    },
  }
}
