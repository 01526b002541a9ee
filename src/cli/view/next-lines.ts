/** "What next": commands that can be copied, with what each does beside it. */
import type { Style } from './terminal.js'
import { padEnd, textWidth } from './text-width.js'

export type NextStep = readonly [command: string, does: string]

export function nextLines(steps: readonly NextStep[], { paint, width }: Style): string {
  const longest = Math.max(...steps.map(([command]) => textWidth(command)))
  const beside = steps.every(([, does]) => 2 + longest + 2 + textWidth(does) <= width)
  return steps
    .map(([command, does]) =>
      beside
        ? `  ${paint.link(padEnd(command, longest))}  ${does}`
        : `  ${paint.link(command)}\n      ${does}`,
    )
    .join('\n')
}
