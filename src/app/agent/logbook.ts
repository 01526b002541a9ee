/** The agent's log: each line goes out masked, the newest stay at hand, and whoever follows hears of them. */
import type { LogLevel, LogLine } from '../../model/agent.js'
import type { World } from '../world.js'

export interface Logbook {
  log(level: LogLevel, msg: string, fields?: { readonly [field: string]: unknown }): void
  /** The same for what is not the agent's own words: it goes out, and is not kept. */
  pass(msg: string, fields: { readonly [field: string]: unknown }): void
  lines(): readonly LogLine[]
  /** Told of each new line, and with null of every other change. */
  follow(listener: (line: LogLine | null) => void): () => void
  changed(): void
}

const keptLines = 500

export function createLogbook(world: World, write: (line: LogLine) => void): Logbook {
  const kept: LogLine[] = []
  const listeners = new Set<(line: LogLine | null) => void>()
  const tell = (line: LogLine | null): void => {
    for (const listener of listeners) listener(line)
  }
  const say = (level: LogLevel, msg: string, fields: { readonly [field: string]: unknown }): LogLine => {
    const { project, environment } = world.config
    const time = world.clock.now().toISOString()
    const line = world.secrets.maskAll({ time, level, msg, project, environment, ...fields })
    write(line)
    tell(line)
    return line
  }
  return {
    log(level, msg, fields = {}) {
      kept.push(say(level, msg, fields))
      if (kept.length > keptLines) kept.shift()
    },
    pass: (msg, fields) => void say('info', msg, fields),
    lines: () => [...kept],
    follow(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    changed: () => tell(null),
  }
}
