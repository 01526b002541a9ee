/**
 * Colour as an argument: views say what a text means (good, bad, added …), and only this file knows what that looks like.
 * Without colour nothing is loaded.
 */
type Style = (text: string) => string

export interface Paint {
  readonly strong: Style
  readonly faint: Style
  readonly good: Style
  readonly bad: Style
  readonly careful: Style
  readonly link: Style
}

const plain: Style = (text) => text
export const noPaint: Paint = {
  strong: plain,
  faint: plain,
  good: plain,
  bad: plain,
  careful: plain,
  link: plain,
}

/** chalk's colours, loaded on demand. `level` as chalk counts: 1 is sixteen colours. */
export async function loadPaint(): Promise<Paint> {
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return {
    strong: chalk.bold,
    faint: chalk.dim,
    good: chalk.green,
    bad: chalk.red,
    careful: chalk.yellow,
    link: chalk.cyan,
  }
}

export interface ColourQuestion {
  readonly isTerminal: boolean
  /** What the user wrote on the command line; null when nothing. */
  readonly asked: boolean | null
  readonly env: { readonly [name: string]: string | undefined }
}

/** `--no-color`, then FORCE_COLOR, then NO_COLOR, then whether a person looks: never in a pipe that did not ask for it. */
export function wantsColour({ isTerminal, asked, env }: ColourQuestion): boolean {
  if (asked !== null) return asked
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false'
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  return isTerminal && env['TERM'] !== 'dumb'
}
