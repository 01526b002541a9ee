/** One thing that is wrong in deploy.yaml, or worth a warning, with the place where it was written. */

export interface ConfigProblem {
  /** As the person who asked wrote it, or the only name there is. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based, in characters. */
  readonly column: number
  /** What is wrong and what was expected. */
  readonly message: string
  /** What to do: a did-you-mean, the names there are, how to write it. */
  readonly hint?: string
  /** The lines around it, numbered, with a caret under the place. Empty when the file could not be read. */
  readonly frame: readonly string[]
}
