/** Says a thing when it becomes true, and not again while it stays so. */

/** Numbers of time tick on without anything having changed. */
const timePattern = /\b\d+(\.\d+)?(ms|s|m|h|d)( \d+(s|m|h))?\b/g
const momentPattern = /\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/g

export interface SaidOnce {
  /** Whether this is news of its subject. */
  isNews(subject: string, text: string): boolean
  /** It is no longer true: the next time it is news again. */
  forget(subject: string): boolean
}

export function createSaidOnce(): SaidOnce {
  const said = new Map<string, string>()
  return {
    isNews(subject, text) {
      const essence = text.replaceAll(momentPattern, '').replaceAll(timePattern, '')
      if (said.get(subject) === essence) return false
      said.set(subject, essence)
      return true
    },
    forget: (subject) => said.delete(subject),
  }
}
