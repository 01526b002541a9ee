/**
 * Warnings that a package writes to the terminal by itself, past everything that decides what is shown and how: those of
 * one name are dropped for as long as this process lives. For names that say nothing which an error does not say better.
 */

const silenced = new Set<string>()

export function silenceWarnings(name: string): void {
  if (silenced.size === 0) install()
  silenced.add(name)
}

function install(): void {
  const emit = process.emitWarning.bind(process)
  process.emitWarning = (warning: string | Error, ...rest: readonly unknown[]) => {
    const [kind] = rest
    const name = warning instanceof Error ? warning.name : typeof kind === 'string' ? kind : nameIn(kind)
    if (!silenced.has(name)) Reflect.apply(emit, undefined, [warning, ...rest])
  }
}

function nameIn(options: unknown): string {
  if (typeof options !== 'object' || options === null || !('type' in options)) return ''
  return String(options.type)
}
